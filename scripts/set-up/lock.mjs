import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process is named for ever by its number and the time of its start. */
function startTime(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(holder) {
  return holder?.started !== undefined && startTime(holder.pid) === holder.started;
}

function tryLock(path) {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }), {
      flag: 'wx',
    });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes away a lock whose holder died, unless another has renewed it meanwhile. */
function breakStale(path, stale) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    const taken = readHolder(aside);
    if (taken?.pid !== stale?.pid || taken?.started !== stale?.started) renameSync(aside, path);
  } catch {
    // Somebody else was quicker.
  }
  rmSync(aside, { force: true });
}

/** Runs `act` while no other process holds the lock file; waits for its turn, calling `onWait` once. */
export async function withLock(path, act, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  let unreadableSince;
  while (!tryLock(path)) {
    const holder = readHolder(path);
    // A file without content is one that is being written this moment, or was never finished.
    unreadableSince = holder ? undefined : (unreadableSince ?? Date.now());
    if (holder ? !isAlive(holder) : Date.now() - unreadableSince > 2000) breakStale(path, holder);
    else {
      if (!told) onWait(holder?.pid);
      told = true;
      await sleep(200);
    }
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await act();
  } finally {
    process.off('exit', release);
    release();
  }
}
