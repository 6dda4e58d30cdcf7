/** What is known of a peer's folder: kept there, where it can be, and by the agent. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Point } from '../../model/records';
import { runRsyncThere, there } from '../../movers/rsync/account';
import { STATE_FILE } from '../../trees/own-entries';
import { STATE_FOLDER } from '../../model/paths';
import { PointSchema } from '../shared/points';
import { readRecord } from '../shared/records';
import { NO_CLAIMS, parseState, type State } from '../shared/state';
import { makeError, writeRecord } from '../shared/tools';
import { explain, type Peer, runChecked } from './line';
import { keepsOurs, pushOurs, stage } from './ours';
import { type Trial, TrialSchema } from './trial';

/** Whose it is, and the one point that it has. */
export interface FarState extends State {
  point?: Point;
}

export const NOTHING_KNOWN: FarState = NO_CLAIMS;

const FarStateSchema = z.custom<FarState>((value) => {
  const { point, ...state } = value as FarState;
  parseState(JSON.stringify(state));
  return point === undefined || PointSchema.safeParse(point).success;
});

const NoteSchema = z.object({
  state: FarStateSchema,
  /** What was found out about the account, and in which epoch. */
  trial: TrialSchema.exactOptional(),
});
type Note = z.output<typeof NoteSchema>;

const notePath = ({ line }: Peer) => join(line.folder, 'note.json');

/** What this agent knows of it. */
export async function readNote(peer: Peer): Promise<Note> {
  return (await readRecord(peer, notePath(peer), NoteSchema)) ?? { state: NOTHING_KNOWN };
}

export async function noteTrial(peer: Peer, trial: Trial): Promise<void> {
  await writeRecord(peer, notePath(peer), { ...(await readNote(peer)), trial });
}

/** What it answers to somebody who asks for a file that is not there. */
const ABSENT = /No such file or directory/;
/** An account that takes, and gives nothing back. */
const UNREADABLE = /write-only|(read|send)ing[^\n]* (is )?not (allowed|permitted)/i;

/** What is kept there: undefined where nothing is, `unreadable` where the account does not give it out. */
export async function fetchState(peer: Peer): Promise<FarState | undefined | 'unreadable'> {
  const { host, line } = peer;
  if (!keepsOurs(peer)) return 'unreadable';
  const into = join(line.folder, 'in');
  await host.files.remove(into);
  await host.files.mkdir(into, 0o700);
  const from = there(line.landing, `${STATE_FOLDER}/`);
  const ended = await runRsyncThere(line, [
    '-rt',
    `--include=/${STATE_FILE}`,
    '--exclude=*',
    '--',
    from,
    into,
  ]);
  if (ended.exitCode !== 0 && UNREADABLE.test(ended.stderr)) return 'unreadable';
  if (ended.exitCode !== 0 && ended.exitCode !== 255 && ABSENT.test(ended.stderr)) return undefined;
  if (ended.exitCode !== 0) throw await explain(peer, ended);
  const hint = `have its owner look at ${STATE_FOLDER}/${STATE_FILE} there; without it, the folder is taken for somebody else's data`;
  return await readRecord(peer, join(into, STATE_FILE), FarStateSchema, hint);
}

/** Keeps it there, and here. @throws TidemarkError where it can't be reached */
export async function storeState(peer: Peer, state: FarState): Promise<void> {
  if (keepsOurs(peer)) {
    await stage(peer, state);
    // Two of one length may be written within one second, which is all that a time may be known to.
    await runChecked(peer, pushOurs(peer, ['--ignore-times']));
  }
  await writeRecord(peer, notePath(peer), { ...(await readNote(peer)), state });
}

/** @throws TidemarkError `PointMissing` */
export function pointOf(peer: Peer, { point }: FarState, relationship: string, pointId: string): Point {
  if (point?.id === pointId) return point;
  throw makeError(peer, 'PointMissing', `there is no recovery point ${pointId}`, {
    hint: point
      ? `a peer keeps the newest state alone, which is ${point.id}`
      : `there is none yet: tidemark sync ${relationship} --wait`,
  });
}
