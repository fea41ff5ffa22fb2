output "queue_url" {
  description = "The cluster's queue, for its forwarder"
  value       = aws_cloudformation_stack.cluster.outputs["QueueUrl"]
}

output "dead_letter_queue_url" {
  description = "Where its messages go that could not be done"
  value       = aws_cloudformation_stack.cluster.outputs["DeadLetterQueueUrl"]
}

output "forwarder_role_arn" {
  description = "The role of its forwarder"
  value       = aws_cloudformation_stack.cluster.outputs["ForwarderRoleArn"]
}
