output "alarm_topic_arn" {
  description = "Where alarms go"
  value       = aws_cloudformation_stack.account.outputs["AlarmTopicArn"]
}

output "map_roles" {
  description = "For clusters that join and have the ConfigMap aws-auth only"
  value       = aws_cloudformation_stack.account.outputs["MapRoles"]
}
