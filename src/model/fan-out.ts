/**
 * What a target with a `hostSelector` stands for: a target of its own on each host that it matches. A document that was
 * fanned out has these among its targets, each with the selector that it came by, and in `selecting` what the user wrote. Pure.
 */
import { describeOverlap } from './check-endpoints';
import { targetName, volumePath } from './endpoints';
import { formatSelector, isSelected } from './host-selector';
import type { Labels } from './labels';
import { RESOURCE_LABELS } from './resource-labels';
import { AT_SOURCE } from './names';
import { isSelecting, volumeKey } from './selections';
import type { Relationship, TargetSpec } from './spec';

/** What the agent of a host told of itself last. */
export interface KnownAgent {
  host: string;
  /** Null: somebody has it forgotten. */
  labels: Labels | null;
}

/** What the relationship is now. */
export interface Standing {
  document: Relationship;
  /** Hosts that stay whatever their labels: the primary, and who is waited for after a failover. */
  held: readonly string[];
}

export interface FanOut {
  document: Relationship;
  /** Hosts that are matched and can't be taken, and why. */
  conflicts: string[];
}

const MAX_NAME = 63;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a document as it was judged before, a target without a host. */
function withoutEmptyHost(target: unknown): unknown {
  if (!isObject(target) || target.host !== AT_SOURCE || target.hostSelector === undefined) return target;
  const { host: _none, ...rest } = target;
  return rest;
}

/** Whatever a document is, without what fanning out has made of it: as its user wrote it. */
export function asWritten(document: unknown): unknown {
  if (!isObject(document) || !isObject(document.spec) || !Array.isArray(document.spec.targets))
    return document;
  const { selecting, ...spec } = document.spec;
  const targets: unknown[] = document.spec.targets;
  const written = Array.isArray(selecting)
    ? [
        ...targets.filter((target) => !isObject(target) || target.hostSelector === undefined),
        ...(selecting as unknown[]),
      ]
    : targets;
  const isKnown = selecting === undefined || Array.isArray(selecting);
  return {
    ...document,
    spec: { ...spec, ...(!isKnown && { selecting }), targets: written.map(withoutEmptyHost) },
  };
}

/** Hosts that are targets now, and stay so though nothing is known of their labels, or whatever these are. */
function staying(template: TargetSpec, agents: readonly KnownAgent[], standing?: Standing): string[] {
  if (!standing) return [];
  const known = new Set(agents.map(({ host }) => host));
  return standing.document.spec.targets
    .filter((target) => target.hostSelector !== undefined && volumeKey(target) === volumeKey(template))
    .map(({ host }) => host)
    .filter((host) => !known.has(host) || standing.held.includes(host));
}

/** Hosts that somebody allows it to name; undefined: all. */
function allowedHosts({ metadata: { labels } }: Relationship): string[] | undefined {
  const { [RESOURCE_LABELS.hosts]: hosts } = labels;
  return hosts?.split(',');
}

function hostsFor(
  written: Relationship,
  template: TargetSpec,
  agents: readonly KnownAgent[],
  standing?: Standing,
): string[] {
  const { source, targets } = written.spec;
  const allowed = allowedHosts(written);
  const { hostSelector = {} } = template;
  const matching = agents.flatMap(({ host, labels }) =>
    labels && isSelected(hostSelector, labels) ? [host] : [],
  );
  // Who is named outright with that volume is that target, with what is said of it there.
  const named = targets
    .filter((target) => !isSelecting(target) && volumeKey(target) === volumeKey(template))
    .map(({ host }) => host);
  return [...new Set([...matching, ...staying(template, agents, standing)])]
    .filter((host) => host !== source.host && !named.includes(host))
    .filter((host) => (allowed?.includes(host) ?? true) || standing?.held.includes(host))
    .toSorted();
}

function place(template: TargetSpec, host: string): TargetSpec {
  const { name, ...rest } = template;
  return { ...rest, host, ...(name !== undefined && { name: `${name}-${host}` }) };
}

/** Why a target can't stand beside those that there are; undefined where it can. */
function objectionTo(
  target: TargetSpec,
  spec: Relationship['spec'],
  others: readonly TargetSpec[],
): string | undefined {
  const name = targetName(target);
  if (name.length > MAX_NAME)
    return `the target would be called ${name}, which is longer than ${MAX_NAME} characters`;
  const fromSource = describeOverlap(target, spec.source, 'the source');
  if (fromSource !== undefined) return `${volumePath(target)} ${fromSource}`;
  for (const other of others) {
    const overlap = describeOverlap(target, other, `target ${targetName(other)}`);
    if (overlap !== undefined) return `${volumePath(target)} ${overlap}`;
  }
  const taken = others.find((other) => targetName(other) === name);
  return (
    taken && `a target is called ${name} already, ${taken.host}:${volumePath(taken)}: give one of them a name`
  );
}

/**
 * Makes a target of each host that a selector of a document matches. A host is left off only where its agent itself has told
 * other labels, or somebody has had it forgotten: of whom nothing is known, nothing is changed.
 * @param written a document that was accepted, whether it was fanned out before or not
 */
export function fanOut(written: Relationship, agents: readonly KnownAgent[], standing?: Standing): FanOut {
  const { spec } = written;
  const selecting = spec.targets.filter(isSelecting);
  if (selecting.length === 0) return { document: written, conflicts: [] };
  const targets = spec.targets.filter((target) => !isSelecting(target));
  const conflicts: string[] = [];
  for (const template of selecting) {
    for (const host of hostsFor(written, template, agents, standing)) {
      const target = place(template, host);
      const objection = objectionTo(target, spec, targets);
      if (objection === undefined) targets.push(target);
      else
        conflicts.push(
          `hostSelector ${formatSelector(template.hostSelector ?? {})}: on host ${host}, ${objection}`,
        );
    }
  }
  return { document: { ...written, spec: { ...spec, targets, selecting } }, conflicts };
}
