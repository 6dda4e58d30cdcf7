/** `apply`: takes a spec into a relationship, or refuses it with every reason at once. */
import { ApplicationFailure } from '@temporalio/workflow';
import { decodeFailure, encodeFailure } from '../model/failure-wire';
import { placeOf, volumeOf, volumePath } from '../model/endpoints';
import { isMissingAgent } from '../model/failure';
import { hubAtReaders } from '../model/hub';
import { objectionTo, warnOfChange } from '../model/document-change';
import { orient } from '../model/orientation';
import {
  activeDocument,
  applyDocument as takeDocument,
  isStopped,
  recordEpoch,
} from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { schedulesOf } from '../model/schedules';
import type { Relationship, SourceSpec, TargetSpec } from '../model/spec';
import { scheduleNote } from '../model/static-texts';
import { durationToMs } from '../model/units';
import type { ApplyAnswer, ExamineAnswer } from '../api/messages';
import { onControl, onHost, toFailure } from './steps';
import { refuse } from './switch-steps';
import type { WantQueue } from './wants';

/** A host that does not answer for so long is taken as absent: the spec is accepted with a warning. */
const INSPECT = {
  scheduleToStartTimeout: '3s',
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 2 },
} as const;

function refuseSpec(problems: string[], message = problems.join('\n')): ApplicationFailure {
  return ApplicationFailure.create(encodeFailure({ type: 'InvalidSpec', message, problems }));
}

interface Findings {
  problems: string[];
  warnings: string[];
  /** What every sync finds out again: told to whoever applies, and not kept. */
  passing?: string;
  /** Epoch of this relationship's own claim, where it has or had one there. */
  epoch?: number;
}

/** Asks every host what is wrong with its endpoint, all at once. */
async function inspectHosts(
  document: Relationship,
): Promise<Findings & { allPassing: string[]; epoch: number }> {
  const { source, targets, hooks, mover } = document.spec;
  const endpoints = [
    {
      role: 'source' as const,
      endpoint: source,
      hooks: [...hooks.beforeCapture, ...hooks.afterCapture],
      laterHooks: [...hooks.quiesce, ...hooks.unquiesce],
    },
    ...[...targets, ...hubAtReaders(document)].map((endpoint) => ({
      role: 'target' as const,
      endpoint,
      hooks: hooks.afterPublish,
      laterHooks: [...hooks.afterPromote, ...hooks.startDrill, ...hooks.probeDrill, ...hooks.stopDrill],
    })),
  ];
  const found = await Promise.all(
    endpoints.map(async ({ role, endpoint, hooks, laterHooks }): Promise<Findings> => {
      const { host } = endpoint;
      const where = `${role} ${host}:${volumePath(endpoint)}`;
      try {
        const answer = await onHost(host, `Inspect ${where}`, INSPECT).inspectEndpoint({
          relationship: document.metadata.name,
          role,
          endpoint,
          copyOf: placeOf(source),
          mover,
          hooks,
          laterHooks,
          beside: endpoints.flatMap((other) =>
            other.endpoint === endpoint ? [] : [{ role: other.role, endpoint: other.endpoint }],
          ),
        });
        const prefix = (text: string) => `${where}: ${text}`;
        const { claim, released } = answer.inspection;
        const own = [claim, released].find((each) => each?.relationship === document.metadata.name);
        return {
          problems: answer.problems.map(prefix),
          warnings: answer.warnings.map(prefix),
          ...(own && { epoch: own.epoch }),
        };
      } catch (error) {
        const failure = toFailure(error, host, volumePath(endpoint));
        if (isMissingAgent(failure)) {
          const passing = `no agent answers for host ${host}: start it with tidemark agent --host ${host}`;
          return { problems: [], warnings: [], passing };
        }
        const { message, hint } = failure;
        return { problems: [`${where}: ${message}${hint === undefined ? '' : `; ${hint}`}`], warnings: [] };
      }
    }),
  );
  return {
    problems: found.flatMap((each) => each.problems),
    warnings: found.flatMap((each) => each.warnings),
    epoch: Math.max(1, ...found.map(({ epoch }) => epoch ?? 1)),
    allPassing: [...new Set(found.flatMap(({ passing }) => passing ?? []))],
  };
}

/** Makes the Temporal Schedule what the state says. */
async function keepSchedule(state: RelationshipState, resume = false): Promise<void> {
  const document = activeDocument(state);
  if (!document) return;
  const { trigger } = document.spec;
  await onControl('Keep the Schedule in step').keepSchedule({
    relationship: state.name,
    crons: schedulesOf(document.spec),
    timezone: trigger.timezone,
    jitterMs: trigger.jitter ? durationToMs(trigger.jitter) : 0,
    catchUpMs: durationToMs(trigger.catchUp),
    paused: isStopped(state),
    note: scheduleNote(document, isStopped(state)),
    ...(resume && { resume }),
  });
}

/** Endpoints of the old spec that the new one no longer has. */
function droppedEndpoints(old: Relationship | undefined, document: Relationship) {
  const ends = (each: Relationship) => [each.spec.source, ...each.spec.targets];
  const key = (endpoint: SourceSpec | TargetSpec) => `${endpoint.host}:${volumePath(endpoint)}`;
  const kept = new Set(ends(document).map(key));
  return old ? ends(old).filter((endpoint) => !kept.has(key(endpoint))) : [];
}

async function dropEndpoints(
  state: RelationshipState,
  old: Relationship | undefined,
  former: Relationship | undefined,
  document: Relationship,
): Promise<void> {
  if (!former) return;
  const copyOf = placeOf(former.spec.source);
  await Promise.allSettled(
    droppedEndpoints(old, document).map((endpoint) =>
      onHost(endpoint.host, `Release ${volumePath(endpoint)}`, INSPECT).retireEndpoint({
        volume: volumeOf(endpoint),
        relationship: state.name,
        copyOf,
      }),
    ),
  );
}

/** The state as it will be with this document. */
function withDocument(state: RelationshipState, document: Relationship): RelationshipState {
  const next = { ...state };
  takeDocument(next, document);
  return next;
}

/** A document that may be taken, and what is worth knowing of it. */
interface Judged {
  document: Relationship;
  /** With the primary as its source. */
  turned: Relationship;
  warnings: string[];
  /** What every sync finds out again. */
  allPassing: string[];
  /** The highest that a host has of an earlier relationship of this name. */
  epoch: number;
}

/** @throws ApplicationFailure `InvalidSpec` where the state does not allow this document. */
function checkState(state: RelationshipState, document: Relationship): void {
  const objection = objectionTo(state, document);
  if (objection !== undefined) throw refuseSpec([objection]);
}

function problemsOf(error: unknown): string[] | undefined {
  return error instanceof ApplicationFailure ? decodeFailure(error).problems : undefined;
}

/** Judges a document, here and on every host that answers; changes nothing. */
async function judge(state: RelationshipState, input: unknown): Promise<Judged> {
  if (state.retired) {
    throw refuse('RefusedByState', `relationship ${state.name} was deleted just now`, 'apply it once more');
  }
  const checked = await onControl('Check the spec').checkSpec(input);
  const { relationship: document } = checked;
  if (!document || checked.problems.length > 0) throw refuseSpec(checked.problems);
  if (document.metadata.name !== state.name) {
    throw refuseSpec([`metadata.name is ${document.metadata.name}, and this relationship is ${state.name}`]);
  }
  checkState(state, document);
  const { primary } = withDocument(state, document);
  const turned = orient(document, primary);
  const { problems, warnings, allPassing, epoch } = await inspectHosts(turned);
  if (problems.length > 0) throw refuseSpec(problems);
  return { document, turned, warnings: [...(checked.warnings ?? []), ...warnings], allPassing, epoch };
}

/** What `apply` would say of a document now. @throws ApplicationFailure `InvalidSpec` with every problem. */
export async function examineFor(state: RelationshipState, input: unknown): Promise<ExamineAnswer> {
  const { warnings, allPassing } = await judge(state, input);
  return { warnings: [...warnings, ...allPassing] };
}

function outcomeOf(
  old: Relationship | undefined,
  document: Relationship,
  wasEnded: boolean,
): ApplyAnswer['outcome'] {
  if (!old) return 'created';
  if (JSON.stringify(old) !== JSON.stringify(document)) return 'changed';
  return wasEnded ? 'brought back' : 'unchanged';
}

/** @param wasEnded its workflow had been ended, though nobody had deleted it */
async function apply(
  state: RelationshipState,
  input: unknown,
  wants: WantQueue,
  wasEnded: boolean,
): Promise<ApplyAnswer> {
  const { document, turned, warnings, allPassing, epoch } = await judge(state, input);
  const old = state.document;
  const outcome = outcomeOf(old, document, wasEnded);
  // Before anything is taken over: Temporal too may refuse.
  const [, { lastSequence }] = await Promise.all([
    keepSchedule(withDocument(state, document)),
    onControl('Record in the catalog').recordRelationship(turned),
  ]);
  // The primary may have begun to change meanwhile.
  checkState(state, document);
  const former = activeDocument(state);
  const added = takeDocument(state, document);
  const { sequence } = state;
  const passing = [...warnOfChange(old, document), ...allPassing];
  state.warnings = warnings;
  // A name that was used before counts on: no id of a sync comes twice.
  if (outcome === 'created') state.sequence = Math.max(state.sequence, lastSequence);
  // So does its epoch: a host that was away when it was deleted still has its claim.
  if (outcome === 'created') recordEpoch(state, epoch);
  if (outcome === 'created') wants.sync('created');
  else if (added.length > 0) wants.sync('changed', added);
  await dropEndpoints(state, old, former, document);
  return { outcome, warnings: [...state.warnings, ...passing], sequence };
}

/** Changes the spec and the Schedule one step at a time: two at once would mix. */
export class Applier {
  private last: Promise<unknown>;

  /** @param before settles once the state is what it is to be changed from; true where the workflow had been ended */
  constructor(
    private readonly state: RelationshipState,
    private readonly wants: WantQueue,
    private before: Promise<boolean>,
  ) {
    this.last = before;
  }

  /**
   * Checks a document, here and on every host that answers, and takes it. Nothing is changed when it is refused.
   * @throws ApplicationFailure `InvalidSpec` with every problem in its details.
   */
  apply(document: unknown): Promise<ApplyAnswer> {
    return this.inTurn(async () => {
      const isBroughtBack = await this.before;
      this.before = Promise.resolve(false);
      try {
        return await apply(this.state, document, this.wants, isBroughtBack);
      } catch (error) {
        const problems = isBroughtBack ? problemsOf(error) : undefined;
        const { name } = this.state;
        throw problems
          ? refuseSpec(problems, `refused; but ${name} runs again, by the spec that it had:`)
          : error;
      }
    });
  }

  /** Brings the Schedule in step with the state. `resume`: even where somebody has paused it in the Temporal UI. */
  keepSchedule(resume: boolean): Promise<void> {
    return this.inTurn(() => keepSchedule(this.state, resume));
  }

  /** Does a step once what was asked for before it is done. */
  inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.last.then(step);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
