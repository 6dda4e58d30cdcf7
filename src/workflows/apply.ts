/** `apply`: takes a spec into a relationship, or refuses it with every reason at once. */
import { ApplicationFailure } from '@temporalio/workflow';
import { decodeFailure, encodeFailure } from '../model/failure-wire';
import { isFilledByOthers, placeOf, volumeIn, volumePath } from '../model/endpoints';
import { inOneLine, isMissingAgent } from '../model/failure';
import { hubAtReaders } from '../model/hub';
import { atMost, documentChanges } from '../model/document-diff';
import { objectionTo, warnOfChange } from '../model/document-change';
import { orient } from '../model/orientation';
import {
  activeDocument,
  applyDocument as takeDocument,
  heldHosts,
  recordEpoch,
} from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { nobodyText, selectionsOf } from '../model/selections';
import type { Relationship } from '../model/spec';
import type { ApplyAnswer, ExamineAnswer } from '../api/messages';
import { onControl, onHost, toFailure } from './steps';
import type { EventLog } from './event-log';
import { refuse } from './switch-steps';
import { Reselector } from './reselect';
import { dropEndpoints, INSPECT, keepSchedule, withDocument } from './take-document';
import type { WantQueue } from './wants';

function refuseSpec(problems: string[], message = problems.join('\n')): ApplicationFailure {
  return ApplicationFailure.create(encodeFailure({ type: 'InvalidSpec', message, problems }));
}

interface Findings {
  problems: string[];
  warnings: string[];
  /** What every sync finds out again: told to whoever applies, and not kept. */
  passing?: string[];
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
      volume: volumeIn(document, source),
      hooks: [...hooks.beforeCapture, ...hooks.afterCapture],
      laterHooks: [...hooks.quiesce, ...hooks.unquiesce],
    },
    ...[
      ...targets.map((endpoint) => ({ endpoint, volume: volumeIn(document, endpoint) })),
      ...hubAtReaders(document),
    ].map((each) => ({
      ...each,
      role: 'target' as const,
      hooks: hooks.afterPublish,
      laterHooks: [...hooks.afterPromote, ...hooks.startDrill, ...hooks.probeDrill, ...hooks.stopDrill],
    })),
  ];
  const found = await Promise.all(
    endpoints.map(async ({ role, endpoint, volume, hooks, laterHooks }): Promise<Findings> => {
      const { host } = endpoint;
      const where = `${role} ${host}:${volumePath(endpoint)}`;
      try {
        const answer = await onHost(host, `Inspect ${where}`, INSPECT).inspectEndpoint({
          relationship: document.metadata.name,
          role,
          endpoint,
          ...(volume.near && { near: volume.near }),
          ...(volume.door !== undefined && { door: volume.door }),
          copyOf: placeOf(source),
          mover,
          hooks,
          laterHooks,
          beside: endpoints.flatMap((other) =>
            other.endpoint === endpoint ? [] : [{ role: other.role, endpoint: other.endpoint }],
          ),
        });
        const prefix = (text: string) => `${where}: ${text}`;
        // Whom a selector means, nobody has named: what is wrong with one is no reason against the spec, and its sync tells it.
        const isSelected = 'hostSelector' in endpoint && endpoint.hostSelector !== undefined;
        const { claim, released } = answer.inspection;
        const own = [claim, released].find((each) => each?.relationship === document.metadata.name);
        return {
          problems: isSelected ? [] : answer.problems.map(prefix),
          warnings: isSelected ? [] : answer.warnings.map(prefix),
          ...(isSelected && { passing: [...answer.problems, ...answer.warnings].map(prefix) }),
          ...(own && { epoch: own.epoch }),
        };
      } catch (error) {
        const failure = toFailure(error, host, volumePath(endpoint));
        if (isMissingAgent(failure)) {
          const passing = [`no agent answers for host ${host}: start it with tidemark agent --host ${host}`];
          return { problems: [], warnings: [], passing };
        }
        if ('hostSelector' in endpoint && endpoint.hostSelector !== undefined)
          return { problems: [], warnings: [], passing: [`${where}: ${inOneLine(failure)}`] };
        return { problems: [`${where}: ${inOneLine(failure)}`], warnings: [] };
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

/**
 * Whoever brings what the source holds goes by the new spec at once: the next sync may be long in coming, and comes with what
 * they bring.
 * @returns why they don't
 */
async function settleSource(state: RelationshipState, document: Relationship): Promise<string[]> {
  const { source } = document.spec;
  if (state.primary !== undefined || !isFilledByOthers(source)) return [];
  const { name, epoch } = state;
  try {
    await onHost(source.host, `Open ${volumePath(source)} as the spec has it now`, INSPECT).settleSource({
      volume: volumeIn(document, source),
      claim: { relationship: name, epoch, role: 'source' },
    });
    return [];
  } catch (error) {
    const failure = toFailure(error, source.host, volumePath(source));
    // Its agent asks for the spec as it starts.
    if (isMissingAgent(failure)) return [];
    return [`source ${placeOf(source)} is not as the spec has it yet: ${inOneLine(failure)}`];
  }
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

const nobodyWarnings = (document: Relationship): string[] =>
  selectionsOf(document).flatMap((selection) =>
    selection.hosts.length === 0 ? [nobodyText(selection)] : [],
  );

/** For whoever applies it: which hosts it is about. */
const toldSelections = (document: Relationship) =>
  document.spec.selecting ? { selections: selectionsOf(document) } : {};

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
  const { document: standing } = state;
  const checked = await onControl('Check the spec').checkSpec(
    ...([
      input,
      ...(standing?.spec.selecting ? [{ document: standing, held: heldHosts(state) }] : []),
    ] as const),
  );
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
  return {
    ...{ document, turned, warnings: [...(checked.warnings ?? []), ...warnings], epoch },
    allPassing: [...nobodyWarnings(document), ...allPassing],
  };
}

/** What `apply` would say of a document now. @throws ApplicationFailure `InvalidSpec` with every problem. */
export async function examineFor(state: RelationshipState, input: unknown): Promise<ExamineAnswer> {
  const { document, warnings, allPassing } = await judge(state, input);
  return { warnings: [...warnings, ...allPassing], ...toldSelections(document) };
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

/** A spec that was written anew is no reason for a history that can't be carried. */
const MOST_CHANGES = 20;

/** @param wasEnded its workflow had been ended, though nobody had deleted it */
async function apply(
  state: RelationshipState,
  input: unknown,
  wants: WantQueue,
  wasEnded: boolean,
  log: EventLog,
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
  delete state.selection;
  if (outcome !== 'unchanged') {
    const changes = old ? documentChanges(old, document) : [];
    log.note('applied', { text: outcome, changes: atMost(changes, MOST_CHANGES) });
  }
  // A name that was used before counts on: no id of a sync comes twice.
  if (outcome === 'created') state.sequence = Math.max(state.sequence, lastSequence);
  // So does its epoch: a host that was away when it was deleted still has its claim.
  if (outcome === 'created') recordEpoch(state, epoch);
  if (outcome === 'created' && document.spec.targets.length > 0) wants.sync('created');
  else if (added.length > 0) wants.sync('changed', added);
  await dropEndpoints(state, old, former, document);
  // Of a new one, the first sync does it.
  if (old) passing.push(...(await settleSource(state, document)));
  return { outcome, warnings: [...state.warnings, ...passing], sequence, ...toldSelections(document) };
}

/** Changes the spec and the Schedule one step at a time: two at once would mix. */
export class Applier {
  private last: Promise<unknown>;

  private readonly reselector: Reselector;

  /** @param before settles once the state is what it is to be changed from; true where the workflow had been ended */
  constructor(
    private readonly state: RelationshipState,
    private readonly wants: WantQueue,
    private before: Promise<boolean>,
    private readonly log: EventLog,
  ) {
    this.last = before;
    this.reselector = new Reselector(state, wants, (step) => this.inTurn(step));
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
        const answer = await apply(this.state, document, this.wants, isBroughtBack, this.log);
        // An agent that came while it was not in the catalog yet has told nobody.
        if (answer.selections) void this.reselect();
        return answer;
      } catch (error) {
        const problems = isBroughtBack ? problemsOf(error) : undefined;
        const { name } = this.state;
        throw problems
          ? refuseSpec(problems, `refused; but ${name} runs again, by the spec that it had:`)
          : error;
      }
    });
  }

  /** Makes the targets what the selectors of the spec mean now. */
  reselect(): Promise<void> {
    return this.reselector.ask();
  }

  /** Nobody looks what selectors mean. */
  get isIdle(): boolean {
    return this.reselector.isIdle;
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
