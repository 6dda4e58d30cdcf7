/** A spec whose shape may be wrong, so that its other mistakes are told of at the same time. */
import { z } from 'zod';
import { VOLUME_KINDS, type VolumeKind } from './kinds';

const text = z.string().optional().catch(undefined);
const volumeKeys = Object.fromEntries(VOLUME_KINDS.map((kind) => [kind, text])) as Record<
  VolumeKind,
  typeof text
>;
const rules = z.record(z.string(), z.unknown()).optional().catch(undefined);
const EndpointSchema = z
  .preprocess(
    (value) => (typeof value === 'object' && value ? { ...value, keys: Object.keys(value) } : value),
    z.object({
      host: text,
      hostSelector: z.unknown().optional(),
      ...volumeKeys,
      name: text,
      copyMethod: text,
      layout: text,
      madeFor: text,
      schedule: text,
      rpo: text,
      retain: rules,
      pinLimit: z.object({ age: text }).optional().catch(undefined),
      /** All that are there, whatever they hold. */
      keys: z.array(z.string()).optional(),
    }),
  )
  .catch({});
const HookSchema = z.object({ run: z.array(z.unknown()).optional().catch([]), job: z.unknown().optional() });
const HooksSchema = z.array(HookSchema.catch({ run: [], job: undefined })).catch([]);
const EMPTY = { source: {}, targets: [], mover: {}, trigger: {}, objectives: {}, hooks: {} };

const DraftSchema = z.object({
  spec: z
    .object({
      source: EndpointSchema,
      through: EndpointSchema.optional(),
      targets: z.array(EndpointSchema).catch([]),
      mover: z.record(z.string(), z.unknown()).catch({}),
      trigger: z.object({ schedule: text, timezone: text, jitter: text }).catch({}),
      objectives: z.object({ rpo: text }).catch({}),
      retain: rules,
      hooks: z
        .object({
          beforeCapture: HooksSchema,
          afterCapture: HooksSchema,
          afterPublish: HooksSchema,
          quiesce: HooksSchema,
          unquiesce: HooksSchema,
          afterPromote: HooksSchema,
          startDrill: HooksSchema,
          probeDrill: HooksSchema,
          stopDrill: HooksSchema,
        })
        .partial()
        .catch({}),
    })
    .catch(EMPTY),
});

/** As much of a spec as the checks read; whatever has the wrong shape is left out. */
export type DraftSpec = z.output<typeof DraftSchema>['spec'];
export type DraftEndpoint = DraftSpec['source'];

/** Undefined for what is no document at all. */
export function readDraft(document: unknown): DraftSpec | undefined {
  return DraftSchema.safeParse(document).data?.spec;
}
