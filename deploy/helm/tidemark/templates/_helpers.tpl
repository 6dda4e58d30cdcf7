{{- /* Objects of the whole cluster are called after the release's namespace: an installation in another one has its own. */ -}}
{{- define "tidemark.ofCluster" -}}
{{- if hasPrefix "tidemark" .Release.Namespace }}{{ .Release.Namespace }}{{ else }}tidemark-{{ .Release.Namespace }}{{ end }}
{{- end -}}

{{- define "tidemark.labels" -}}
app.kubernetes.io/part-of: tidemark
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "tidemark.image" -}}
{{ .Values.images.tidemark | default (printf "%s/tidemark:%s" .Values.images.registry .Chart.AppVersion) }}
{{- end -}}

{{- define "tidemark.moverImage" -}}
{{ .Values.images.mover | default (printf "%s/tidemark-mover:%s" .Values.images.registry .Chart.AppVersion) }}
{{- end -}}

{{- define "tidemark.servesAll" -}}
{{- if has "*" .Values.namespaces }}yes{{ end }}
{{- end -}}

{{- /* What an agent's pods have besides: as the values say, with the images' own settings. */ -}}
{{- define "tidemark.moverTemplate" -}}
{{- $images := dict -}}
{{- if ne .Values.images.pullPolicy "IfNotPresent" }}{{ $_ := set $images "imagePullPolicy" .Values.images.pullPolicy }}{{ end -}}
{{- with .Values.images.pullSecrets }}
{{- $named := list }}{{ range . }}{{ $named = append $named (dict "name" .) }}{{ end -}}
{{- $_ := set $images "imagePullSecrets" $named }}
{{- end -}}
{{- $whole := merge $images .Values.movers.template -}}
{{- if $whole }}{{ toYaml $whole }}{{ end -}}
{{- end -}}

{{- define "tidemark.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "tidemark.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "tidemark.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - { name: {{ . }} }
  {{- end }}
{{- end }}
{{- end -}}

{{- define "tidemark.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tidemark.env" -}}
{{- $temporal := .Values.temporal -}}
{{- if $temporal.devServer.enabled }}
- { name: TEMPORAL_ADDRESS, value: tidemark-temporal.{{ .Release.Namespace }}.svc:7233 }
{{- else }}
- { name: TEMPORAL_ADDRESS, value: {{ $temporal.address | quote }} }
{{- end }}
- { name: TEMPORAL_NAMESPACE, value: {{ $temporal.namespace | quote }} }
{{- if $temporal.tls.enabled }}
- { name: TEMPORAL_TLS, value: 'true' }
{{- with $temporal.tls.serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ . | quote }} }
{{- end }}
{{- if $temporal.tls.caSecret }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/tidemark/temporal-ca/ca.crt }
{{- end }}
{{- if $temporal.tls.clientSecret }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/tidemark/temporal-client/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/tidemark/temporal-client/tls.key }
{{- end }}
{{- end }}
{{- with $temporal.apiKey.secret }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ . }}, key: {{ $temporal.apiKey.key }} } }
{{- end }}
- { name: HOME, value: /state }
- { name: TIDEMARK_LOG, value: json }
- { name: TIDEMARK_LOG_LEVEL, value: {{ .Values.logLevel }} }
{{- end -}}

{{- define "tidemark.mounts" -}}
- { name: state, mountPath: /state }
- { name: tmp, mountPath: /tmp }
{{- if .Values.temporal.tls.caSecret }}
- { name: temporal-ca, mountPath: /etc/tidemark/temporal-ca, readOnly: true }
{{- end }}
{{- if .Values.temporal.tls.clientSecret }}
- { name: temporal-client, mountPath: /etc/tidemark/temporal-client, readOnly: true }
{{- end }}
{{- end -}}

{{- define "tidemark.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- with .Values.temporal.tls.caSecret }}
- { name: temporal-ca, secret: { secretName: {{ . }}, defaultMode: 288 } }
{{- end }}
{{- with .Values.temporal.tls.clientSecret }}
- { name: temporal-client, secret: { secretName: {{ . }}, defaultMode: 288 } }
{{- end }}
{{- end -}}

{{- /* A size as the API server tells it again, in Mi: of 1024Mi it makes 1Gi. */ -}}
{{- define "tidemark.mebibytes" -}}
{{- $factor := get (dict "Mi" 1 "Gi" 1024 "Ti" 1048576) (regexFind "[MGT]i$" .) | default 0 -}}
{{ mul (regexFind "^[0-9]+" . | int64) $factor }}
{{- end -}}

{{- /* Takes a dict of root, set (the StatefulSet's name), key (what the values call it) and values: refuses what the API server
       would refuse in words that say nothing. */ -}}
{{- define "tidemark.claim" -}}
{{- $live := lookup "apps/v1" "StatefulSet" .root.Release.Namespace .set -}}
{{- if $live }}
{{- $claims := $live.spec.volumeClaimTemplates | default list -}}
{{- if not $claims }}
{{- fail (printf "%s has no claim, and gets none by an upgrade: delete StatefulSet %s, then upgrade again" .key .set) }}
{{- end }}
{{- $spec := (first $claims).spec -}}
{{- $size := $spec.resources.requests.storage -}}
{{- $isAsLarge := eq (include "tidemark.mebibytes" $size) (include "tidemark.mebibytes" .values.storage) -}}
{{- if or (not $isAsLarge) (ne ($spec.storageClassName | default "") .values.storageClass) }}
{{- fail (printf "%s.storage and %s.storageClass are set once, and StatefulSet %s has %s of class %q. Leave them so; for more room, grow claim state-%s-0 itself" .key .key .set $size ($spec.storageClassName | default "") .set) }}
{{- end }}
{{- end -}}
- metadata: { name: state }
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .values.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources: { requests: { storage: {{ .values.storage }} } }
{{- end -}}
