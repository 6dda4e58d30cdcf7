/** Relationships of every shape that the spec allows, for property tests. */
import fc from 'fast-check';
import type { HookSpec, Relationship, RsyncSpec } from '../../../src/model/spec';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
const duration = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.map(([count, unit]) => `${count}${unit}`).join(''));
const size = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.constantFrom('B', 'KiB', 'MiB', 'GiB'))
  .map(([count, unit]) => `${count}${unit}`);
/** Text that YAML could take for something else: numbers, stars, quotes, colons, empty space. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    '*',
    '* ',
    'null',
    'true',
    '1',
    '0x1',
    ': ',
    '# x',
    '- a',
    '!x',
    '&a',
    '{',
    '~',
    "'",
    '"',
    '50%',
    '<<',
  ),
);
const line = text.filter((value) => !/[\0\r\n]/.test(value));
const folderName = fc
  .stringMatching(/^[\p{L}\p{N} #*:-]{1,12}$/u)
  .filter((part) => part !== '.' && part !== '..');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** An object without the keys whose value is undefined, as `exactOptionalPropertyTypes` wants it. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const hook: fc.Arbitrary<HookSpec> = fc.record({
  run: fc
    .tuple(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/), fc.array(line, { maxLength: 2 }))
    .map(([file, args]) => [file, ...args]),
  timeout: duration,
  onError: fc.constantFrom('fail', 'continue'),
});
const hooks = fc.array(hook, { maxLength: 2 });
const patterns = fc.array(line, { maxLength: 3 });

const rsync = fc
  .record({
    exclude: patterns,
    include: patterns,
    bandwidthLimit: optional(size),
    compress: fc.constantFrom('auto' as const, 'zstd' as const, 'lz4' as const, 'none' as const),
    checksum: fc.boolean(),
    keepExtra: fc.boolean(),
    extraOptions: fc.subarray(['--fsync' as const, '--fuzzy' as const]),
  })
  .map((all): RsyncSpec => defined(all));

/** Folders of one endpoint each, so that no volume lies in another. */
const directory = (own: string) =>
  fc.array(folderName, { maxLength: 3 }).map((parts) => ['', 'srv', own, ...parts].join('/'));

const retain = fc
  .record({
    last: optional(fc.integer({ min: 1, max: 100 })),
    hourly: optional(fc.nat({ max: 100 })),
    daily: optional(fc.nat({ max: 100 })),
    weekly: optional(fc.nat({ max: 100 })),
    monthly: optional(fc.nat({ max: 100 })),
    yearly: optional(fc.nat({ max: 100 })),
    within: optional(duration),
  })
  .map((all) => defined(all));

const source = fc
  .record({
    host: name,
    directory: directory('source'),
    mustBeMounted: fc.boolean(),
    copyMethod: fc.constantFrom('Direct' as const, 'Snapshot' as const, 'Clone' as const, 'Auto' as const),
    pinLimit: optional(
      fc.record({ age: optional(duration), space: optional(size) }).map((all) => defined(all)),
    ),
  })
  .map((all) => defined(all));

const target = (index: number) =>
  fc
    .record({
      host: name,
      directory: directory(`target-${index}`),
      mustBeMounted: fc.boolean(),
      name: name.map((text) => `${index}.${text}`),
      copyMethod: fc.constantFrom(
        'Auto' as const,
        'Direct' as const,
        'Snapshot' as const,
        'Clone' as const,
        'HardLink' as const,
      ),
      class: name,
      schedule: optional(fc.constantFrom('0 4 * * *', '30 */6 * * *')),
      rpo: optional(duration),
      retain: optional(retain),
    })
    .map((all) => defined(all));

const trigger = fc
  .record({
    schedule: optional(fc.constantFrom('*/15 * * * *', '0 3 * * mon-fri', '5,35 8-18/2 1 jan *')),
    timezone: fc.constantFrom('UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires'),
    jitter: optional(fc.constantFrom('0s', '30s', '899s')),
    catchUp: duration,
  })
  .map((all) => defined(all));

/** A relationship with all defaults filled in, as the schema puts it out. */
export const arbitraryRelationship: fc.Arbitrary<Relationship> = fc.record({
  apiVersion: fc.constant('tidemark/v1' as const),
  kind: fc.constant('Relationship' as const),
  metadata: fc.record({
    name,
    labels: fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      text,
      { maxKeys: 3 },
    ),
  }),
  spec: fc.record({
    source,
    targets: fc
      .integer({ min: 1, max: 3 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => target(index)))),
    mover: fc.record({ rsync }),
    trigger,
    objectives: fc.record({ rpo: optional(duration) }).map((all) => defined(all)),
    retain,
    guards: fc.record({
      allowEmpty: fc.boolean(),
      allowForeign: fc.boolean(),
      maxDeletes: fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
    }),
    hooks: fc.record({
      beforeCapture: hooks,
      afterCapture: hooks,
      afterPublish: hooks,
      quiesce: hooks,
      unquiesce: hooks,
      afterPromote: hooks,
      startDrill: hooks,
      probeDrill: hooks,
      stopDrill: hooks,
    }),
    approval: fc.constantFrom('none' as const, 'one' as const, 'two' as const),
  }),
});
