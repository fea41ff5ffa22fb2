{{- define "labels" -}}
app.kubernetes.io/part-of: multus-eni-reconciler
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* What forwarder/config.ts reads, beside what the Deployment sets. */ -}}
{{- define "environment" -}}
{{- $own := dict "CLUSTER_NAME" .Values.clusterName "QUEUE_URL" .Values.queueUrl "AWS_REGION" .Values.region }}
{{- toYaml (merge $own .Values.environment) }}
{{- end }}
