/**
 * What the schema alone can't say of a document: how its parts fit together. Works on any value, so
 * that a document with mistakes of shape is told about these at the same time.
 */
import { z } from 'zod';
import { checkCron, checkTimezone, tickGaps } from './cron';
import type { TickGaps } from './cron';
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
const rules = z.record(z.string(), z.unknown()).optional().catch(undefined);
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
      schedule: text,
      rpo: text,
      retain: rules,
      pinLimit: z.object({ age: text }).optional().catch(undefined),
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
      retain: rules,
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

/** Containerd names images by what was downloaded, the others by what is in them. */
function checkEngines({ source, targets }: DraftSpec): SpecIssue[] {
  const engineOf = ({ image }: DraftEndpoint) => /^(podman|docker|containerd)/.exec(image ?? '')?.[0];
  const from = engineOf(source);
  return targets.flatMap((target, index) => {
    const to = engineOf(target);
    if (!from || !to || (from === 'containerd') === (to === 'containerd')) return [];
    const why = 'they are named by other digests there';
    return [
      problem(['spec', 'targets', index, 'image'], `images of ${from} can't be copied to ${to}: ${why}`),
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

/** One schedule, and the jitter that only makes sense beside it. `whose`: of which target, in words. */
function checkSchedule(schedule: string, path: SpecPath, jitter: string | undefined, whose = ''): SpecChecks {
  const badCron = checkCron(schedule);
  if (badCron) return { problems: [problem(path, badCron.message, badCron.suggestion)], warnings: [] };
  const problems: SpecIssue[] = [];
  const warnings: SpecIssue[] = [];
  const [, , dayOfMonth, , dayOfWeek] = schedule.trim().split(/\s+/);
  if (dayOfMonth !== '*' && dayOfWeek !== '*') {
    warnings.push(problem(path, 'runs only on days that match both the day of month and the day of week'));
  }
  const gaps = tickGaps(schedule);
  if (gaps && jitter !== undefined && isDuration(jitter) && durationToMs(jitter) >= gaps.shortestMs) {
    const gap = formatDuration(gaps.shortestMs);
    problems.push(
      problem(['spec', 'trigger', 'jitter'], `must be shorter than the ${gap} between two ticks${whose}`),
    );
  }
  return { problems, warnings };
}

/** The time zone, the relationship's schedule, and those that targets have of their own. */
function checkTrigger({ trigger, targets }: DraftSpec): SpecChecks {
  const { schedule, timezone, jitter } = trigger;
  const badZone = timezone === undefined ? undefined : checkTimezone(timezone);
  const own = targets.flatMap((target, index) => {
    const path = ['spec', 'targets', index, 'schedule'];
    return target.schedule === undefined
      ? []
      : [checkSchedule(target.schedule, path, jitter, ` of targets[${index}]`)];
  });
  const path = ['spec', 'trigger', 'schedule'];
  const common = schedule === undefined ? [] : [checkSchedule(schedule, path, jitter)];
  const warnings: SpecIssue[] = [];
  if (schedule !== undefined && targets.length > 0 && own.length === targets.length) {
    warnings.push(problem(path, 'has no effect: every target has a schedule of its own'));
  }
  if (jitter !== undefined && schedule === undefined && own.length === 0) {
    warnings.push(problem(['spec', 'trigger', 'jitter'], 'has no effect without a schedule'));
  }
  return {
    problems: [
      ...(badZone ? [problem(['spec', 'trigger', 'timezone'], badZone.message, badZone.suggestion)] : []),
      ...[...common, ...own].flatMap((each) => each.problems),
    ],
    warnings: [...warnings, ...[...common, ...own].flatMap((each) => each.warnings)],
  };
}

/** The gaps between two syncs of a target, where it has a schedule that is right. */
function gapsOf(target: DraftEndpoint, { trigger }: DraftSpec): TickGaps | undefined {
  const schedule = target.schedule ?? trigger.schedule;
  return schedule === undefined || checkCron(schedule) ? undefined : tickGaps(schedule);
}

/** A promise that the schedule can't keep: the same one, and for the same reason, is told of once. */
function warnAboutRpo(spec: DraftSpec): SpecIssue[] {
  const told = spec.targets.flatMap((target, index) => {
    const rpo = target.rpo ?? spec.objectives.rpo;
    const gaps = gapsOf(target, spec);
    if (!gaps || rpo === undefined || !isDuration(rpo) || durationToMs(rpo) > gaps.longestMs) return [];
    const path = target.rpo === undefined ? ['spec', 'objectives', 'rpo'] : ['spec', 'targets', index, 'rpo'];
    const whose = target.schedule === undefined || target.rpo !== undefined ? '' : ` of targets[${index}]`;
    const gap = formatDuration(gaps.longestMs);
    return [problem(path, `can't be kept: two ticks${whose} are up to ${gap} apart`)];
  });
  return [...new Map(told.map((issue) => [JSON.stringify(issue), issue])).values()];
}

/** What a target needs of the source's old states would be given up before its turn comes. */
function warnAboutPinLimit(spec: DraftSpec): SpecIssue[] {
  const age = spec.source.pinLimit?.age;
  if (age === undefined || !isDuration(age)) return [];
  return spec.targets.flatMap((target, index) => {
    const gaps = gapsOf(target, spec);
    if (!gaps || durationToMs(age) > gaps.longestMs) return [];
    const gap = formatDuration(gaps.longestMs);
    const path = ['spec', 'source', 'pinLimit', 'age'];
    return [problem(path, `gives targets[${index}] up between any two syncs, which are up to ${gap} apart`)];
  });
}

/** Whether rules keep more than the newest point, which is always kept. */
const keepsMore = (retain: object) => Object.values(retain).some((value) => value !== 0);
const KEEPS_NONE = 'targets with copyMethod Direct keep no recovery points';
const KEEPS_NEWEST = 'keeps the newest recovery point alone';

function warnAboutRetain({ retain, targets }: DraftSpec): SpecIssue[] {
  const own = targets.flatMap((target, index) => {
    if (!target.retain) return [];
    const path = ['spec', 'targets', index, 'retain'];
    if (target.copyMethod === 'Direct') return [problem(path, `has no effect: ${KEEPS_NONE}`)];
    return keepsMore(target.retain) ? [] : [problem(path, KEEPS_NEWEST)];
  });
  if (!retain) return own;
  const path = ['spec', 'retain'];
  const others = targets.filter((target) => !target.retain);
  if (targets.length > 0 && others.length === 0) {
    return [problem(path, 'has no effect: every target has a retain of its own'), ...own];
  }
  if (others.length > 0 && others.every((target) => target.copyMethod === 'Direct')) {
    return [problem(path, `has no effect: ${KEEPS_NONE}`), ...own];
  }
  return keepsMore(retain) ? own : [problem(path, KEEPS_NEWEST), ...own];
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
      ...checkEngines(spec),
      ...checkFolders(spec),
      ...checkOverlaps(spec),
      ...checkTargetNames(spec),
      ...checkHooks(spec),
      ...trigger.problems,
    ],
    warnings: [
      ...trigger.warnings,
      ...warnAboutRpo(spec),
      ...warnAboutPinLimit(spec),
      ...warnAboutRetain(spec),
    ],
  };
}
