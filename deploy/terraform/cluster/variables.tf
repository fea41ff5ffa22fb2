variable "cluster_name" {
  type        = string
  description = "The name of the EKS cluster"
}

variable "stage" {
  type        = string
  description = "The stage of the account's stack"
  default     = "prod"
}

variable "queue_name" {
  type        = string
  description = "What names the cluster's queues: its name, or less of it where it is longer than 25"
  default     = null
}

variable "policy" {
  type        = string
  description = "What may be done: sync assigns and releases, upsert-only never releases, dry-run decides and logs"
  default     = "sync"
}

variable "ranges" {
  type        = list(string)
  description = "Nothing outside of these is ever assigned or released, such as 172.16.0.0/16"
  default     = []
}

variable "ours" {
  type        = list(string)
  description = "What lies in these is released if no pod claims it, whoever assigned it, such as 172.16.1.16/28"
  default     = []
}

variable "advertise_room" {
  type        = bool
  description = "Whether Nodes tell the scheduler how much room their ENIs have; needs what deploy/room is applied for"
  default     = false
}

variable "access" {
  type        = string
  description = "How the functions get into the cluster: an access entry, or the lines for its ConfigMap aws-auth that the account's stack has as its output MapRoles"
  default     = "access-entry"
}

variable "oidc_provider" {
  type        = string
  description = "For IRSA: the cluster's OIDC provider, without https://. Else EKS Pod Identity gives the forwarder its role"
  default     = ""
}

variable "namespace" {
  type        = string
  description = "Where the forwarder runs"
  default     = "multus-eni-reconciler"
}

variable "service_account" {
  type        = string
  description = "Its service account"
  default     = "multus-eni-forwarder"
}

variable "sweep_minutes" {
  type        = number
  description = "How often the cluster is compared with EC2"
  default     = 5
}

variable "concurrency" {
  type        = number
  description = "How many batches of its nodes are reconciled at the same time"
  default     = 4
}

variable "leaked_threshold" {
  type        = number
  description = "More leaked addresses than this are an alarm"
  default     = 10
}

variable "alarm_topic_arn" {
  type        = string
  description = "Where its alarms go; without it to the account's topic"
  default     = ""
}

variable "runbook_url" {
  type        = string
  description = "The address of your copy of docs/runbook.md, for the alarms"
  default     = "docs/runbook.md"
}

variable "kms_key_arn" {
  type        = string
  description = "The key of the account's stack, where it has one of its own"
  default     = ""
}

variable "permissions_boundary" {
  type        = string
  description = "The ARN of the policy that bounds the forwarder's role"
  default     = ""
}

variable "operators" {
  type        = list(string)
  description = "The ARNs of the roles and users who may replay its messages; * stands for any characters"
  default     = []
}

variable "role_path" {
  type        = string
  description = "The path of the forwarder's role"
  default     = "/"
}

variable "tags" {
  type        = map(string)
  description = "On everything of the stack that takes tags"
  default     = {}
}
