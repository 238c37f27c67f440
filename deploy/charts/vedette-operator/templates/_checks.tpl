{{- /*
Values that exclude one another, values that the program or Kubernetes would refuse, and values without effect as long as
another one is as it is: each ends the rendering with one sentence, since a setting that does nothing is worse than none.
What stands below an `enabled` that somebody has switched off is left alone.
*/ -}}
{{- define "vedette.check" -}}
{{- $v := .Values -}}
{{- if and (gt (int $v.replicas) 1) (not $v.leaderElect) -}}
{{- fail "more than one replica needs leaderElect: true" -}}
{{- end -}}
{{- if and (not $v.validation.enabled) (or (ne ($v.validation.actions | join ",") "Deny") (ne ($v.validation.warnings | default (list "Warn") | join ",") "Warn")) -}}
{{- fail "validation.actions and validation.warnings need validation.enabled: true" -}}
{{- end -}}
{{- range $name, $actions := dict "actions" $v.validation.actions "warnings" $v.validation.warnings -}}
{{- if and $v.validation.enabled (has "Deny" $actions) (has "Warn" $actions) -}}
{{- fail (printf "validation.%s: Kubernetes takes Deny or Warn, not both: what is denied is told anyway" $name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.serviceAccount.annotations (not $v.serviceAccount.create) -}}
{{- fail "serviceAccount.annotations needs serviceAccount.create: true: annotate the account that you have made" -}}
{{- end -}}
{{- if and $v.rbac.extraGrants (not (and $v.rbac.create (eq $v.rbac.mode "manage"))) -}}
{{- fail "rbac.extraGrants needs rbac.create: true and rbac.mode: manage: only then does the chart give the operator rights to hand out" -}}
{{- end -}}
{{- if and (eq $v.rbac.adopt "narrow") (ne $v.rbac.mode "manage") -}}
{{- fail "rbac.adopt: narrow needs rbac.mode: manage: only then are roles changed" -}}
{{- end -}}
{{- if and (eq $v.rbac.mode "off") (or $v.rbac.defaults $v.rbac.allow) -}}
{{- fail "rbac.defaults and rbac.allow need rbac.mode: manage or verify: with off no rights are looked at" -}}
{{- end -}}
{{- if eq (int $v.metrics.port) (int $v.probes.port) -}}
{{- fail "metrics.port and probes.port: two ports, for two servers" -}}
{{- end -}}
{{- if and $v.metrics.certificateSecret (not $v.metrics.secure) -}}
{{- fail "metrics.certificateSecret needs metrics.secure: true: without it metrics are served without TLS" -}}
{{- end -}}
{{- if and $v.metrics.serviceMonitor.caSecret (not (and $v.metrics.secure $v.metrics.certificateSecret)) -}}
{{- fail "metrics.serviceMonitor.caSecret needs metrics.secure: true and metrics.certificateSecret: a self-signed certificate has no CA" -}}
{{- end -}}
{{- if and (not $v.metrics.serviceMonitor.caSecret) (or $v.metrics.serviceMonitor.serverName (ne $v.metrics.serviceMonitor.caKey "ca.crt")) -}}
{{- fail "metrics.serviceMonitor.serverName and .caKey need metrics.serviceMonitor.caSecret: without a CA no certificate is verified" -}}
{{- end -}}
{{- if and $v.metrics.prometheusRule.enabled (not $v.metrics.serviceMonitor.enabled) (not $v.metrics.prometheusRule.job) -}}
{{- fail "metrics.prometheusRule needs metrics.serviceMonitor.enabled: true, or metrics.prometheusRule.job: the job under which Prometheus scrapes the operator; if nobody does, set metrics.prometheusRule.enabled: false" -}}
{{- end -}}
{{- if and $v.heartbeat.url $v.heartbeat.existingSecret -}}
{{- fail "heartbeat.url or heartbeat.existingSecret, not both" -}}
{{- end -}}
{{- if and $v.heartbeat.interval (not (or $v.heartbeat.url $v.heartbeat.existingSecret)) -}}
{{- fail "heartbeat.interval needs heartbeat.existingSecret or heartbeat.url" -}}
{{- end -}}
{{- if and (ne $v.heartbeat.key "url") (not $v.heartbeat.existingSecret) -}}
{{- fail "heartbeat.key needs heartbeat.existingSecret: it is a key of that Secret" -}}
{{- end -}}
{{- if $v.sourceDir -}}
{{- $dir := printf "%s/" (trimSuffix "/" $v.sourceDir) -}}
{{- $mounted := false -}}
{{- range $v.extraVolumeMounts -}}
{{- $at := printf "%s/" (trimSuffix "/" (.mountPath | default "")) -}}
{{- if or (hasPrefix $at $dir) (hasPrefix $dir $at) -}}{{- $mounted = true -}}{{- end -}}
{{- end -}}
{{- if not $mounted -}}
{{- fail "sourceDir needs one of extraVolumeMounts in its place: there is no such folder in the image" -}}
{{- end -}}
{{- end -}}
{{- $rest := dict "metrics-secure" "metrics.secure" "policy-configmap" "policyConfigMap" -}}
{{- $given := list -}}
{{- range splitList "\n" (include "vedette.arguments" .) -}}
{{- $given = append $given (regexFind "--[a-z-]+" .) -}}
{{- end -}}
{{- range $v.extraArgs -}}
{{- $flag := regexFind "^--[a-z-]+" . -}}
{{- if and $flag (has $flag $given) -}}
{{- fail (printf "extraArgs: %s is given already, by the value whose comment names it in values.yaml" $flag) -}}
{{- end -}}
{{- with get $rest (trimPrefix "--" $flag) -}}
{{- fail (printf "extraArgs: set %s in place of %s, for other objects follow that value" . $flag) -}}
{{- end -}}
{{- end -}}
{{- end -}}
