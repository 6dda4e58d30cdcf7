/**
 * What sshd runs for whoever comes to a door, with the door's folder as its argument: takes a push, or the word that one is whole,
 * and nothing else. A program of its own, started for each connection.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { handOver } from '../../../hosts/local/hand-over';
import { LOCK_CONFLICT } from '../../../movers/shared/lock-writer';
import { judge } from './judge';
import {
  type DoorNote,
  doorPath,
  parseDoorNote,
  parsePushState,
  readersPath,
  statePath,
  takenPath,
} from './notes';
import { ending, IS_READ, NOT_NOTED, NOT_THERE, NOT_WHOLE, pushing } from './scripts';

const WAIT_MS = 500;
/** A push that follows at once would leave no moment to read the one before: so long it is waited for that. */
const TO_BE_TAKEN_MS = 60_000;

const say = (text: string) => process.stderr.write(`tidemark: ${text}\n`);

const read = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

/** Why a push has to wait; undefined where it may begin. */
function findObstacle(door: string): string | undefined {
  const readers = readersPath(door);
  if (existsSync(readers) && readdirSync(readers).length > 0) return 'what was pushed before is being copied';
  const last = parsePushState(read(statePath(door)));
  if (last?.state !== 'complete' || read(takenPath(door)) === last.at) return undefined;
  const ageMs = Date.now() - Date.parse(last.at);
  return ageMs >= 0 && ageMs < TO_BE_TAKEN_MS ? 'what was pushed before is about to be copied' : undefined;
}

async function push(door: string, note: DoorNote, options: readonly string[]): Promise<number> {
  const rsync = ['rsync', '--server', ...options, '.', '.'];
  const command = pushing(door, { ...note, isWhole: note.signal === undefined }, rsync);
  const session = process.ppid;
  let told: string | undefined;
  // Whoever has gone meanwhile would leave a push that broke off, of which nothing was written.
  while (process.ppid === session) {
    let obstacle = findObstacle(door);
    if (obstacle === undefined) {
      const code = await handOver(command);
      if (code === NOT_THERE) say(`${note.folder} is not there, or not mounted: nothing was written`);
      if (code === NOT_NOTED)
        say('this push could not be noted, and does not count: a disk is full, or broken');
      if (code !== IS_READ && code !== LOCK_CONFLICT) return code;
      obstacle = code === IS_READ ? 'what was pushed before is being copied' : 'another push is under way';
    }
    if (obstacle !== told) say(`${obstacle}: this push waits for that`);
    told = obstacle;
    await sleep(WAIT_MS);
  }
  return 1;
}

async function serve(door: string, command: string): Promise<number> {
  const note = parseDoorNote(read(doorPath(door)));
  if (!note || note.closed !== undefined) {
    say(note?.closed ?? 'nobody pushes here any more');
    return 1;
  }
  const asked = judge(command, note);
  switch (asked.kind) {
    case 'refused':
      say(asked.why);
      return 1;
    case 'over': {
      const code = await handOver(ending(door, note.folder));
      if (code === NOT_WHOLE) say('no push that ended well waits for this word');
      return code;
    }
    case 'push':
      if (!asked.isDry) return await push(door, note, asked.options);
      process.chdir(note.folder);
      return await handOver(['rsync', '--server', ...asked.options, '.', '.']);
  }
}

serve(process.argv[2] ?? '', process.env.SSH_ORIGINAL_COMMAND ?? '').then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(`the door can't be served: ${String(error)}`);
    process.exit(1);
  },
);
