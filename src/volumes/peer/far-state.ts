/** What is known of a peer's folder: kept there, where it can be, and by the agent. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Point } from '../../model/records';
import { REFUSABLE, type RefusedOption } from '../../movers/reach';
import { runRsyncThere, there } from '../../movers/rsync/account';
import { STATE_FILE } from '../../trees/own-entries';
import { STATE_FOLDER } from '../../model/paths';
import { PointSchema } from '../shared/points';
import { readRecord } from '../shared/records';
import { NO_CLAIMS, parseState, type State } from '../shared/state';
import { makeError, writeRecord } from '../shared/tools';
import { exclusively, explain, type Peer, runChecked } from './line';
import { givesNothingBack, keepsOurs, pushOurs, stage } from './ours';
import { type Trial, TrialSchema, tryAccount } from './trial';

/** Whose it is, the one point that it has, and what other agents need to know of its account. */
export interface FarState extends State {
  point?: Point;
  refused?: RefusedOption[];
  /** A push has been begun since that point, and none has come through: what is there may be of two states. */
  isPushing?: true;
}

export const NOTHING_KNOWN: FarState = NO_CLAIMS;

const MoreSchema = z.object({
  point: PointSchema.exactOptional(),
  refused: z.array(z.enum(REFUSABLE)).exactOptional(),
  isPushing: z.literal(true).exactOptional(),
});

const FarStateSchema = z.record(z.string(), z.unknown()).transform((value): FarState => {
  const state = parseState(JSON.stringify(value));
  return { ...state, ...MoreSchema.parse(value) };
});

const NoteSchema = z.object({
  state: FarStateSchema,
  /** What was found out about the account, and in which epoch. */
  trial: TrialSchema.exactOptional(),
});
type Note = z.output<typeof NoteSchema>;

const notePath = ({ notes }: Peer) => join(notes, 'note.json');

/** What this agent knows of it. */
export async function readNote(peer: Peer): Promise<Note> {
  return (await readRecord(peer, notePath(peer), NoteSchema)) ?? { state: NOTHING_KNOWN };
}

/** Tries the account, with this as what is kept there meanwhile; what is found is noted. */
export async function tryAndNote(
  asked: Peer,
  state: FarState,
  about: Pick<Trial, 'epoch' | 'at'>,
): Promise<Trial> {
  return await exclusively(asked, async (peer) => {
    await stage(peer, state);
    const trial: Trial = { ...about, ...(await tryAccount(peer)) };
    await writeRecord(peer, notePath(peer), { ...(await readNote(peer)), trial });
    return trial;
  });
}

/** What it answers to somebody who asks for a file that is not there. */
const ABSENT = /No such file or directory/;
/** What is kept there: undefined where nothing is, `unreadable` where the account does not give it out. */
export async function fetchState(peer: Peer): Promise<FarState | undefined | 'unreadable'> {
  return keepsOurs(peer) ? await exclusively(peer, fetchNow) : 'unreadable';
}

async function fetchNow(peer: Peer): Promise<FarState | undefined | 'unreadable'> {
  const { line } = peer;
  const { files } = line.runner;
  const into = join(line.folder, 'in');
  await files.remove(into);
  await files.mkdir(into, 0o700);
  const from = there(line.landing, `${STATE_FOLDER}/`);
  const ended = await runRsyncThere(line, [
    '-rt',
    `--include=/${STATE_FILE}`,
    '--exclude=*',
    '--',
    from,
    into,
  ]);
  if (ended.exitCode !== 0 && givesNothingBack(ended)) return 'unreadable';
  if (ended.exitCode !== 0 && ended.exitCode !== 255 && ABSENT.test(ended.stderr)) return undefined;
  if (ended.exitCode !== 0) throw await explain(peer, ended);
  const hint = `have its owner look at ${STATE_FOLDER}/${STATE_FILE} there; without it, the folder is taken for somebody else's data`;
  return await readRecord(peer, join(into, STATE_FILE), FarStateSchema, hint, files);
}

/** Keeps it there, and here. @throws TidemarkError where it can't be reached */
export async function storeState(asked: Peer, state: FarState): Promise<void> {
  await exclusively(asked, async (peer) => {
    if (keepsOurs(peer)) {
      await stage(peer, state);
      // Two of one length may be written within one second, which is all that a time may be known to.
      await runChecked(peer, pushOurs(peer, ['--ignore-times']));
    }
    await writeRecord(peer, notePath(peer), { ...(await readNote(peer)), state });
  });
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
