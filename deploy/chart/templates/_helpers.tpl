{{- define "labels" -}}
app.kubernetes.io/part-of: multus-eni-reconciler
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* What forwarder/config.ts reads, beside what the Deployment sets. */ -}}
{{- define "environment" -}}
{{- $own := dict "CLUSTER_NAME" .Values.clusterName "QUEUE_URL" .Values.queueUrl "AWS_REGION" .Values.region }}
{{- if .Values.proxy.httpsProxy }}
{{- $_ := set $own "HTTPS_PROXY" .Values.proxy.httpsProxy }}
{{- end }}
{{- toYaml (merge $own .Values.environment) }}
{{- end }}

{{- define "image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- /* The port of the proxy's URL, or that of its scheme. */ -}}
{{- define "proxyPort" -}}
{{- $url := urlParse .Values.proxy.httpsProxy }}
{{- $named := regexFind ":[0-9]+$" $url.host | trimPrefix ":" }}
{{- $named | default (ternary "443" "80" (eq $url.scheme "https")) }}
{{- end }}

{{- /* What the values add to the Deployment of deploy/base; lists are added to, and maps merged. */ -}}
{{- define "deployment" -}}
{{- $root := .root }}
{{- $values := .root.Values }}
{{- $object := .object }}
{{- $template := $object.spec.template }}
{{- $pod := $template.spec }}
{{- $container := first $pod.containers }}
{{- $_ := set $object.spec "replicas" (int $values.replicas) }}
{{- $_ := set $container "image" (include "image" $root) }}
{{- $_ := set $container "resources" (mergeOverwrite $container.resources $values.resources) }}
{{- $_ := set $pod "serviceAccountName" $values.serviceAccount.name }}
{{- $_ := set $pod "nodeSelector" (mergeOverwrite $pod.nodeSelector $values.nodeSelector) }}
{{- range $key := list "tolerations" "imagePullSecrets" }}
{{- with index $values $key }}
{{- $_ := set $pod $key (concat (default list (index $pod $key)) .) }}
{{- end }}
{{- end }}
{{- with $values.affinity }}
{{- $_ := set $pod "affinity" (mergeOverwrite (default dict $pod.affinity) .) }}
{{- end }}
{{- with $values.priorityClassName }}
{{- $_ := set $pod "priorityClassName" . }}
{{- end }}
{{- if $values.proxy.httpsProxy }}
{{- /* Kubernetes puts in the address of its API server, to which no proxy leads. */ -}}
{{- $without := prepend (compact (list $values.proxy.noProxy)) "$(KUBERNETES_SERVICE_HOST)" | join "," }}
{{- $_ := set $container "env" (append $container.env (dict "name" "NO_PROXY" "value" $without)) }}
{{- end }}
{{- $_ := set $template.metadata "labels" (merge $template.metadata.labels $values.podLabels) }}
{{- $checksum := dict "checksum/environment" (include "environment" $root | fromYaml | toYaml | sha256sum) }}
{{- $_ := set $template.metadata "annotations" (mergeOverwrite $template.metadata.annotations $values.podAnnotations $checksum) }}
{{- toYaml (mergeOverwrite $object $values.deployment) }}
{{- end }}
