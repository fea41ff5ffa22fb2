# The account's stack, as `npm run package -- --stage <stage>` wrote it: template and zips.
locals {
  file     = "${var.package}/cloudformation-template-update-stack.json"
  template = jsondecode(file(local.file))

  # Where the template looks for the code.
  code = {
    reconcile = local.template.Resources.ReconcileLambdaFunction.Properties.Code
    sweep     = local.template.Resources.SweepLambdaFunction.Properties.Code
  }
}

resource "aws_s3_object" "code" {
  for_each = local.code

  bucket      = var.bucket
  key         = each.value.S3Key
  source      = "${var.package}/${each.key}.zip"
  source_hash = filemd5("${var.package}/${each.key}.zip")

  lifecycle {
    precondition {
      condition     = can(tostring(each.value.S3Bucket)) && try(each.value.S3Bucket == var.bucket, false)
      error_message = "The template looks for its code in another bucket: set deployment.bucket in config/${var.stage}.yml to ${var.bucket}, and package again."
    }
  }
}

# CloudFormation takes larger templates from S3 than in a call.
resource "aws_s3_object" "template" {
  bucket      = var.bucket
  key         = "${dirname(local.code.reconcile.S3Key)}/${filemd5(local.file)}.json"
  source      = local.file
  source_hash = filemd5(local.file)
}

resource "aws_cloudformation_stack" "account" {
  name         = "multus-eni-reconciler-${var.stage}"
  template_url = "https://${aws_s3_object.template.bucket}.s3.${data.aws_region.here.name}.${data.aws_partition.here.dns_suffix}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
  iam_role_arn = var.iam_role_arn
  tags         = merge(var.tags, { STAGE = var.stage })

  depends_on = [aws_s3_object.code]
}

data "aws_region" "here" {}

data "aws_partition" "here" {}
