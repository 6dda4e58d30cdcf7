/** What an operator says about the movers' pods, in a file of YAML or JSON. Pure. */
import { parse } from 'yaml';
import { z } from 'zod';
import { TidemarkError } from '../../model/errors';
import type { PodTemplate } from './contract';

const TextsSchema = z.record(z.string(), z.string());
const FieldsSchema = z.record(z.string(), z.unknown());

/** Only what does not touch what the pod is for: its volumes, its command and its rights are not the operator's. */
const TemplateSchema = z.strictObject({
  labels: TextsSchema.exactOptional(),
  annotations: TextsSchema.exactOptional(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).exactOptional(),
  imagePullSecrets: z.array(z.strictObject({ name: z.string() })).exactOptional(),
  priorityClassName: z.string().exactOptional(),
  runtimeClassName: z.string().exactOptional(),
  nodeSelector: TextsSchema.exactOptional(),
  tolerations: z.array(FieldsSchema).exactOptional(),
  affinity: FieldsSchema.exactOptional(),
  resources: FieldsSchema.exactOptional(),
}) satisfies z.ZodType<PodTemplate>;

/** @throws TidemarkError `InvalidSpec` with every reason at once */
export function parseTemplate(text: string, file: string): PodTemplate {
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (error) {
    throw refuse(file, error instanceof Error ? error.message : String(error));
  }
  const result = TemplateSchema.safeParse(content);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw refuse(file, reasons.join('\n'));
}

function refuse(file: string, toolMessage: string): TidemarkError {
  const known = Object.keys(TemplateSchema.shape).join(', ');
  return new TidemarkError('InvalidSpec', `${file} does not say how the movers' pods are to be`, {
    toolMessage,
    hint: `it may have ${known}, as a pod's manifest has them`,
  });
}
