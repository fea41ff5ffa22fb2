# One cluster: the template that every other tool uses too, docs/clusters.md.
resource "aws_cloudformation_stack" "cluster" {
  # `npm run kustomize` and the chart's values look for the stack by this name.
  name          = "multus-eni-reconciler-${var.stage}-${var.cluster_name}"
  template_body = file("${path.module}/../../cluster/template.yml")
  capabilities  = ["CAPABILITY_IAM"]
  tags          = var.tags

  parameters = {
    ClusterName         = var.cluster_name
    Stage               = var.stage
    QueueName           = var.queue_name == null ? var.cluster_name : var.queue_name
    Policy              = var.policy
    Ranges              = join(",", var.ranges)
    Ours                = join(",", var.ours)
    AdvertiseRoom       = tostring(var.advertise_room)
    Access              = var.access
    OidcProvider        = var.oidc_provider
    Namespace           = var.namespace
    ServiceAccount      = var.service_account
    SweepMinutes        = tostring(var.sweep_minutes)
    Concurrency         = tostring(var.concurrency)
    LeakedThreshold     = tostring(var.leaked_threshold)
    AlarmTopicArn       = var.alarm_topic_arn
    RunbookUrl          = var.runbook_url
    KmsKeyArn           = var.kms_key_arn
    PermissionsBoundary = var.permissions_boundary
    Operators           = join(",", var.operators)
    RolePath            = var.role_path
  }
}
