/**
 * The crash matrix: an operation is played once and its steps are counted; then again and again, each
 * time with something killed by -9 before or after one of those steps. `TIDEMARK_CHAOS_SEED` plays the
 * same choice again, `TIDEMARK_CHAOS_CELLS` says how many for each storage, or `all` of them on all storages;
 * `TIDEMARK_CHAOS_STORAGES` takes the storages that match a regular expression, and `TIDEMARK_CHAOS_STEPS`
 * keeps to steps that match one, for example `state.json|btrfs`.
 */
import { signalRelationship } from '../../support/system/switching';
import { eventually } from '../../support/system/system';
import { tell } from '../../support/tell';
import { formatTable } from '../../../src/client/text';
import { makeRandom } from '../world';
import { checkInvariants } from './invariants';
import { REHEARSALS, type OperationName, type Outcome } from './operations';
import { NAME, Stage, type Snapshot } from './stage';
import type { Moment, Stop } from './steps';
import { STORAGES, type StorageName } from './storages';
import { SEED } from '../../support/seed';

const STEPS = new RegExp(process.env.TIDEMARK_CHAOS_STEPS ?? '');
const CELLS = process.env.TIDEMARK_CHAOS_CELLS ?? '1';
const MEANT_STORAGES = process.env.TIDEMARK_CHAOS_STORAGES ?? (CELLS === 'all' ? '' : undefined);
/** Of a step, in what is told: the rest is digests. */
const LONGEST_STEP = 120;

/** By role: the hosts change theirs from one to the next. */
const VICTIMS = ['control', 'temporal', 'primary', 'other'] as const;
type Victim = (typeof VICTIMS)[number];
type Side = 'primary' | 'other';

interface Cell {
  side: Side;
  step: number;
  text: string;
  moment: Moment;
  victim: Victim;
}

interface Played extends Cell {
  /** `not reached`: the operation took fewer steps this time. */
  outcome: Outcome | 'not reached' | 'FAILED';
  /** Why it needed help on its way. */
  parked?: string;
  error?: string;
}

const describeCell = ({ side, step, text, moment, victim }: Cell) =>
  `${victim} killed ${moment} step ${step} of the ${side}, ${text.slice(0, LONGEST_STEP)}`;

/** Waits for the end of an operation; helps where it asks for it. */
async function awaitEnd(
  stage: Stage,
  operation: OperationName,
  before: Snapshot,
): Promise<string | undefined> {
  let parked: string | undefined;
  await stage.until(`${operation} has ended`, (status) => {
    const { waiting } = status.operation ?? {};
    if (waiting?.for === 'resume' && parked !== waiting.text) {
      parked = waiting.text;
      void signalRelationship(stage.system, NAME, 'resume').catch(() => (parked = undefined));
    }
    return REHEARSALS[operation].isOver(status, before.status);
  });
  return parked;
}

/** Kills at the moment of the cell, and starts again what was killed. False where it never came. */
async function strike(
  stage: Stage,
  operation: OperationName,
  cell: Cell,
  before: Snapshot,
): Promise<boolean> {
  const { system, steps } = stage;
  const stop = stopOf(cell, before);
  const victim = partOf(cell.victim, before);
  const isReached = await eventually('it is reached, or over', async () => {
    if (steps.isReached(stop)) return true;
    const status = await system.status(NAME);
    return REHEARSALS[operation].isOver(status, before.status) ? false : undefined;
  });
  if (!isReached) return false;
  // One that kills itself is gone already, or about to be.
  await system.kill(victim);
  await steps.letGo(stop);
  system.launch(victim);
  return true;
}

function stopOf({ side, step, moment, victim }: Cell, before: Snapshot): Stop {
  return { host: before[side], step, moment, kills: victim === side };
}

function partOf(victim: Victim, before: Snapshot): string {
  return victim === 'control' || victim === 'temporal' ? victim : `agent:${before[victim]}`;
}

async function play(stage: Stage, operation: OperationName, cell: Cell): Promise<Played> {
  const { prepare, request, check, comeBack } = REHEARSALS[operation];
  await prepare(stage);
  const before = await stage.snapshot();
  await stage.steps.plan(stopOf(cell, before));
  await signalRelationship(stage.system, NAME, operation, request);
  const isReached = await strike(stage, operation, cell, before);
  const parked = await awaitEnd(stage, operation, before);
  await stage.steps.end();
  await stage.until('nothing runs', (status) => !status.operation);
  const after = await stage.snapshot();
  const outcome = await check(stage, before, after);
  await checkInvariants(stage, before, after);
  await comeBack?.(stage);
  return { ...cell, outcome: isReached ? outcome : 'not reached', ...(parked !== undefined && { parked }) };
}

/** Every step of an operation that nothing disturbs, with every moment and victim. */
async function enumerate(stage: Stage, operation: OperationName): Promise<Cell[]> {
  const { prepare, request, comeBack } = REHEARSALS[operation];
  // The first one of all may take other steps than those that follow.
  for (let round = 0; ; round++) {
    await prepare(stage);
    const before = await stage.snapshot();
    await stage.steps.plan();
    await stage.carryOut(operation, request);
    await stage.steps.end();
    const traces = {
      primary: await stage.steps.trace(before.primary),
      other: await stage.steps.trace(before.other),
    };
    await comeBack?.(stage);
    if (round === 0) continue;
    return (['primary', 'other'] as const).flatMap((side) =>
      traces[side].flatMap((text, index) =>
        (['before', 'after'] as const).flatMap((moment) =>
          VICTIMS.map((victim) => ({ side, step: index + 1, text, moment, victim })),
        ),
      ),
    );
  }
}

/** A choice in which every victim has its share. */
function choose(cells: readonly Cell[], random: () => number): Cell[] {
  const shuffled = cells.map((cell) => ({ cell, key: random() })).sort((one, two) => one.key - two.key);
  // In an order of their own each time, or a short choice would always be of the same.
  const victims = VICTIMS.map((name) => ({ name, key: random() })).sort((one, two) => one.key - two.key);
  const byVictim = victims.map(({ name }) => shuffled.filter(({ cell }) => cell.victim === name));
  const turns = Math.max(...byVictim.map(({ length }) => length));
  const dealt = Array.from({ length: turns }, (_, turn) =>
    byVictim.flatMap((each) => each[turn]?.cell ?? []),
  ).flat();
  return CELLS === 'all' ? dealt : dealt.slice(0, Number(CELLS));
}

function formatMatrix(title: string, total: number, played: readonly Played[]): string {
  const count = (victim: Victim, holds: (each: Played) => boolean) =>
    String(played.filter((each) => each.victim === victim && holds(each)).length);
  const rows = VICTIMS.map((victim) => [
    victim,
    ...['done', 'undone', 'not reached', 'FAILED'].map((outcome) =>
      count(victim, (each) => each.outcome === outcome),
    ),
    count(victim, ({ parked }) => parked !== undefined),
  ]);
  const details = played.map((each) => {
    const { outcome, parked, error } = each;
    const words = [describeCell(each), outcome, parked && `parked: ${parked}`, error].filter(Boolean);
    return `  ${words.join(' | ')}`;
  });
  return [
    `${title}: ${played.length} of ${total} crashes, TIDEMARK_CHAOS_SEED=${SEED}`,
    formatTable(['KILLED', 'DONE', 'UNDONE', 'NOT REACHED', 'FAILED', 'HELPED'], rows),
    ...details,
  ].join('\n');
}

/** Plays crashes of one operation on one storage; what failed, a line each. */
async function playMatrix(operation: OperationName, kind: StorageName): Promise<string[]> {
  let stage = await Stage.make(kind);
  const played: Played[] = [];
  let cells: Cell[] = [];
  try {
    cells = await enumerate(stage, operation);
    const meant = cells.filter(({ text }) => STEPS.test(text));
    for (const cell of choose(meant, makeRandom(SEED))) {
      try {
        played.push(await play(stage, operation, cell));
      } catch (error) {
        played.push({
          ...cell,
          outcome: 'FAILED',
          error: error instanceof Error ? error.message : String(error),
        });
        await stage.dispose();
        stage = await Stage.make(kind);
      }
    }
  } finally {
    tell(formatMatrix(`${operation} on ${kind}`, cells.length, played));
    await stage.dispose();
  }
  return played
    .filter(({ outcome }) => outcome === 'FAILED')
    .map((each) => `${describeCell(each)}: ${each.error ?? ''}`);
}

/** From a sample of some minutes to the whole matrix, which takes many hours. */
const LONGEST_MS = CELLS === 'all' ? 2 ** 31 - 1 : 240_000 + Number(CELLS) * 180_000;

/** @param usual one of these storages is played by a run that says nothing of them; each seed has its own */
export function describeCrashes(operation: OperationName, usual: readonly StorageName[]): void {
  const meant = new RegExp(MEANT_STORAGES ?? '');
  const chosen = usual[SEED % usual.length] ?? 'ext4';
  test.each(MEANT_STORAGES === undefined ? [chosen] : STORAGES.filter((name) => meant.test(name)))(
    `${operation} on %s: whatever is killed at whichever step, one primary is left, and nothing that was promised is lost`,
    async (kind) => {
      expect(await playMatrix(operation, kind)).toEqual([]);
    },
    LONGEST_MS,
  );
}
