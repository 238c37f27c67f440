{{- /*
The flags that values stand for, one argument a line; without extraArgs.
*/ -}}
{{- define "vedette.arguments" -}}
- operator
- --metrics-bind-address=:{{ .Values.metrics.port }}
{{- if .Values.metrics.secure }}
- --metrics-secure
{{- if .Values.metrics.certificateSecret }}
- --metrics-cert-path=/etc/vedette/metrics-certificate
{{- end }}
{{- end }}
{{- if .Values.metrics.namespaceLabel }}
- --metrics-namespace-label
{{- end }}
- --health-probe-bind-address=:{{ .Values.probes.port }}
{{- if .Values.heartbeat.existingSecret }}
- --heartbeat-url-file=/etc/vedette/heartbeat/url
{{- end }}
{{- with .Values.heartbeat.url }}
- {{ printf "--heartbeat-url=%s" . | quote }}
{{- end }}
{{- with .Values.heartbeat.interval }}
- --heartbeat-interval={{ . }}
{{- end }}
{{- if .Values.leaderElect }}
- --leader-elect
{{- end }}
- --rbac={{ .Values.rbac.mode }}
{{- with .Values.rbac.adopt }}
- --rbac-adopt={{ . }}
{{- end }}
{{- with .Values.rbac.defaults }}
- --rbac-defaults={{ . }}
{{- end }}
{{- if .Values.rbac.allow }}
- --rbac-allow=/etc/vedette/rbac-allow/allow.yaml
{{- end }}
{{- if not (kindIs "invalid" .Values.maxRunningWorkflows) }}
- --max-running-workflows={{ int64 .Values.maxRunningWorkflows }}
{{- end }}
{{- if not (kindIs "invalid" .Values.kubeApiQps) }}
- --kube-api-qps={{ int64 .Values.kubeApiQps }}
{{- end }}
{{- if not (kindIs "invalid" .Values.kubeApiBurst) }}
- --kube-api-burst={{ int64 .Values.kubeApiBurst }}
{{- end }}
{{- range .Values.sourceAllow }}
- --source-allow={{ . }}
{{- end }}
{{- with .Values.sourceDir }}
- --source-dir={{ . }}
{{- end }}
{{- if .Values.takeover }}
- --takeover
{{- end }}
{{- with .Values.policyConfigMap }}
- --policy-configmap={{ . }}
{{- end }}
{{- if .Values.remedyDryRun }}
- --remedy-dry-run
{{- end }}
{{- if not (kindIs "invalid" .Values.maxWorkers) }}
- --max-workers={{ int64 .Values.maxWorkers }}
{{- end }}
{{- if not (kindIs "invalid" .Values.log.devel) }}
- --zap-devel={{ .Values.log.devel }}
{{- end }}
{{- with .Values.log.encoder }}
- --zap-encoder={{ . }}
{{- end }}
{{- with .Values.log.level }}
- --zap-log-level={{ . }}
{{- end }}
{{- with .Values.log.stacktraceLevel }}
- --zap-stacktrace-level={{ . }}
{{- end }}
{{- with .Values.log.timeEncoding }}
- --zap-time-encoding={{ . }}
{{- end }}
{{- end -}}
