variable "stage" {
  type        = string
  description = "The stage: config/<stage>.yml was packaged"
  default     = "prod"
}

variable "package" {
  type        = string
  description = "The folder that `npm run package -- --stage <stage>` wrote: .serverless"
}

variable "bucket" {
  type        = string
  description = "The bucket that the stage's configuration names as deployment.bucket"
}

variable "iam_role_arn" {
  type        = string
  description = "The role that CloudFormation deploys with; without it, your own rights"
  default     = null
}

variable "tags" {
  type        = map(string)
  description = "On the stack; those of the configuration are in the template"
  default     = {}
}
