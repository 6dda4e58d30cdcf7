/**
 * What the schema alone can't say of a document: how its parts fit together. Works on any value, so
 * that a document with mistakes of shape is told about these at the same time.
 */
import { z } from 'zod';
import { checkCron, checkTimezone, tickGaps } from './cron';
import { targetName } from './endpoints';
import type { SpecIssue, SpecPath } from './issues';
import { comparePaths, refuseFolder } from './paths';
import { VOLUME_KINDS } from './records';
import type { Role, VolumeKind } from './records';
import { defaultMoverKind, MOVER_KINDS, MOVER_VOLUMES } from './spec';
import { durationToMs, formatDuration, isDuration } from './units';

export interface SpecChecks {
  problems: SpecIssue[];
  /** Accepted, and probably not meant. */
  warnings: SpecIssue[];
}

const text = z.string().optional().catch(undefined);
const DraftEndpoint = z
  .preprocess(
    (value) => (typeof value === 'object' && value ? { ...value, keys: Object.keys(value) } : value),
    z.object({
      host: text,
      directory: text,
      zfs: text,
      btrfs: text,
      image: text,
      name: text,
      copyMethod: text,
      /** All that are there, whatever they hold. */
      keys: z.array(z.string()).optional(),
    }),
  )
  .catch({});
const DraftHooks = z.array(z.object({ run: z.array(z.unknown()).catch([]) }).catch({ run: [] })).catch([]);
const EMPTY = { source: {}, targets: [], mover: {}, trigger: {}, objectives: {}, hooks: {} };

/** As much of a document as these checks read; whatever has the wrong shape is left out. */
const Draft = z.object({
  spec: z
    .object({
      source: DraftEndpoint,
      targets: z.array(DraftEndpoint).catch([]),
      mover: z.record(z.string(), z.unknown()).catch({}),
      trigger: z.object({ schedule: text, timezone: text, jitter: text }).catch({}),
      objectives: z.object({ rpo: text }).catch({}),
      retain: z.record(z.string(), z.unknown()).optional().catch(undefined),
      hooks: z
        .object({
          beforeCapture: DraftHooks,
          afterCapture: DraftHooks,
          afterPublish: DraftHooks,
          quiesce: DraftHooks,
          unquiesce: DraftHooks,
          afterPromote: DraftHooks,
          startDrill: DraftHooks,
          probeDrill: DraftHooks,
          stopDrill: DraftHooks,
        })
        .partial()
        .catch({}),
    })
    .catch(EMPTY),
});
type DraftSpec = z.output<typeof Draft>['spec'];
type DraftEndpoint = DraftSpec['source'];

/** Kinds that are named by a path. */
const FOLDER_KINDS = ['directory', 'btrfs'] as const;

const problem = (path: SpecPath, message: string, suggestion?: string): SpecIssue => ({
  path,
  message,
  about: 'value',
  ...(suggestion !== undefined && { suggestion }),
});

interface PlacedEndpoint {
  endpoint: DraftEndpoint;
  path: SpecPath;
  role: Role;
  /** As others are told of it. */
  called: string;
}

function listEndpoints(spec: DraftSpec): PlacedEndpoint[] {
  return [
    { endpoint: spec.source, path: ['spec', 'source'], role: 'source', called: 'the source' },
    ...spec.targets.map((endpoint, index) => ({
      endpoint,
      path: ['spec', 'targets', index],
      role: 'target' as const,
      called: `targets[${index}]`,
    })),
  ];
}

const kindsOf = (endpoint: DraftEndpoint) => VOLUME_KINDS.filter((kind) => endpoint[kind] !== undefined);

/** The kind of an endpoint that names exactly one volume. */
function kindOf(endpoint: DraftEndpoint): VolumeKind | undefined {
  const kinds = kindsOf(endpoint);
  return kinds.length === 1 ? kinds[0] : undefined;
}

/** No volume at all, or two at once. */
function checkOneVolume(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path }): SpecIssue[] => {
    if (!endpoint.keys) return [];
    const [first, ...more] = VOLUME_KINDS.filter((kind) => endpoint.keys?.includes(kind));
    if (first === undefined) {
      const message = `is missing: an endpoint names its volume by ${VOLUME_KINDS.join(', ')}`;
      return [{ path: [...path, 'directory'], message, about: 'missing' }];
    }
    return more.map((kind) =>
      problem([...path, kind], `names a second volume beside ${first}: an endpoint has one`),
    );
  });
}

function checkMover(spec: DraftSpec): SpecIssue[] {
  const named = MOVER_KINDS.filter((kind) => spec.mover[kind] !== undefined);
  if (named.length > 1)
    return [problem(['spec', 'mover'], `names ${named.join(' and ')}: a relationship has one mover`)];
  const sourceKind = kindOf(spec.source);
  const mover = named[0] ?? (sourceKind && defaultMoverKind(sourceKind));
  if (!mover) return [];
  const carried = MOVER_VOLUMES[mover];
  return listEndpoints(spec).flatMap(({ endpoint, path }) => {
    const kind = kindOf(endpoint);
    if (!kind || carried.includes(kind)) return [];
    const others = named.length > 0 || path.length === 2 ? '' : `; the source is of kind ${sourceKind}`;
    return [
      problem([...path, kind], `the ${mover} mover carries ${carried.join(', ')}, not ${kind}${others}`),
    ];
  });
}

function checkFolders(spec: DraftSpec): SpecIssue[] {
  return listEndpoints(spec).flatMap(({ endpoint, path, role }) =>
    FOLDER_KINDS.flatMap((kind) => {
      const folder = endpoint[kind];
      const reason = folder?.startsWith('/') && refuseFolder(folder, role);
      return reason ? [problem([...path, kind], reason)] : [];
    }),
  );
}

const OVERLAPS = {
  same: (what: string) => `is the same volume as ${what}`,
  inside: (what: string) => `lies inside ${what}, and would be copied into itself`,
  contains: (what: string) => `contains ${what}, and a sync would remove it`,
};

/** Folders and datasets alike: what lies inside of what. */
function placeOf(endpoint: DraftEndpoint): { family: string; path: string } | undefined {
  const kind = kindOf(endpoint);
  const path = kind && endpoint[kind];
  if (!kind || !path) return undefined;
  if (kind === 'zfs') return { family: 'zfs', path: `/${path}` };
  if (kind === 'image') return { family: `image ${path}`, path: '/' };
  return path.startsWith('/') ? { family: 'folder', path } : undefined;
}

/** What is wrong with two volumes side by side; undefined where they are apart. */
function describeOverlap(one: DraftEndpoint, other: DraftEndpoint, otherName: string): string | undefined {
  if (one.host === undefined || one.host !== other.host) return undefined;
  const [place, otherPlace] = [placeOf(one), placeOf(other)];
  if (!place || !otherPlace || place.family !== otherPlace.family) return undefined;
  const how = comparePaths(place.path, otherPlace.path);
  const kind = kindOf(other);
  return how && OVERLAPS[how](`${otherName}, ${other.host}:${kind ? other[kind] : ''}`);
}

function checkOverlaps(spec: DraftSpec): SpecIssue[] {
  const endpoints = listEndpoints(spec);
  return endpoints.flatMap(({ endpoint, path }, index) =>
    endpoints.slice(0, index).flatMap((other) => {
      const message = describeOverlap(endpoint, other.endpoint, other.called);
      return message ? [problem([...path, kindOf(endpoint) ?? 'directory'], message)] : [];
    }),
  );
}

function checkTargetNames(spec: DraftSpec): SpecIssue[] {
  const taken = new Map<string, number>();
  return spec.targets.flatMap((target, index) => {
    const { host, name } = target;
    const called = name ?? (host === undefined ? undefined : targetName({ host, name: undefined }));
    if (called === undefined) return [];
    const first = taken.get(called);
    if (first === undefined) {
      taken.set(called, index);
      return [];
    }
    const path = ['spec', 'targets', index, name === undefined ? 'host' : 'name'];
    return [problem(path, `targets[${first}] is called "${called}" too; give this target a name of its own`)];
  });
}

function checkHooks(spec: DraftSpec): SpecIssue[] {
  return Object.entries(spec.hooks).flatMap(([moment, hooks]) =>
    (hooks ?? []).flatMap(({ run }, index) => {
      const file = run[0];
      if (typeof file !== 'string' || file === '' || /^[^-./][^/]*$/.test(file)) return [];
      const message = `"${file}" must be the plain name of a file in the agent's --allow-hooks folder`;
      return [problem(['spec', 'hooks', moment, index, 'run', 0], message)];
    }),
  );
}

/** The schedule, and the durations that only make sense beside it. */
function checkTrigger({ trigger, objectives }: DraftSpec): SpecChecks {
  const problems: SpecIssue[] = [];
  const warnings: SpecIssue[] = [];
  const { schedule, timezone, jitter } = trigger;
  const badZone = timezone === undefined ? undefined : checkTimezone(timezone);
  if (badZone) problems.push(problem(['spec', 'trigger', 'timezone'], badZone.message, badZone.suggestion));
  if (schedule === undefined) {
    if (jitter !== undefined) {
      warnings.push(problem(['spec', 'trigger', 'jitter'], 'has no effect without a schedule'));
    }
    return { problems, warnings };
  }
  const path = ['spec', 'trigger', 'schedule'];
  const badCron = checkCron(schedule);
  if (badCron)
    return { problems: [...problems, problem(path, badCron.message, badCron.suggestion)], warnings };
  const [, , dayOfMonth, , dayOfWeek] = schedule.trim().split(/\s+/);
  if (dayOfMonth !== '*' && dayOfWeek !== '*') {
    warnings.push(problem(path, 'runs only on days that match both the day of month and the day of week'));
  }
  const gaps = tickGaps(schedule);
  if (gaps && jitter !== undefined && isDuration(jitter) && durationToMs(jitter) >= gaps.shortestMs) {
    const gap = formatDuration(gaps.shortestMs);
    problems.push(
      problem(['spec', 'trigger', 'jitter'], `must be shorter than the ${gap} between two ticks`),
    );
  }
  const { rpo } = objectives;
  if (gaps && rpo !== undefined && isDuration(rpo) && durationToMs(rpo) <= gaps.longestMs) {
    const gap = formatDuration(gaps.longestMs);
    warnings.push(problem(['spec', 'objectives', 'rpo'], `can't be kept: two ticks are up to ${gap} apart`));
  }
  return { problems, warnings };
}

function warnAboutRetain({ retain, targets }: DraftSpec): SpecIssue[] {
  if (!retain) return [];
  const path = ['spec', 'retain'];
  if (targets.length > 0 && targets.every((target) => target.copyMethod === 'Direct')) {
    return [problem(path, 'has no effect: targets with copyMethod Direct keep no recovery points')];
  }
  const keepsMore = Object.values(retain).some((value) => value !== 0);
  return keepsMore ? [] : [problem(path, 'keeps the newest recovery point alone')];
}

/** Every reason of this kind against a document, whatever its shape, and what looks unintended. */
export function checkSpec(document: unknown): SpecChecks {
  const draft = Draft.safeParse(document);
  if (!draft.success) return { problems: [], warnings: [] };
  const { spec } = draft.data;
  const trigger = checkTrigger(spec);
  return {
    problems: [
      ...checkOneVolume(spec),
      ...checkMover(spec),
      ...checkFolders(spec),
      ...checkOverlaps(spec),
      ...checkTargetNames(spec),
      ...checkHooks(spec),
      ...trigger.problems,
    ],
    warnings: [...trigger.warnings, ...warnAboutRetain(spec)],
  };
}
