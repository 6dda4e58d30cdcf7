/** Which programs some processes start, and which folders are read from end to end: as `strace` sees it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { makeLineReader } from '../../src/movers/rsync/output';

export interface Traced {
  /** Every program that was started, in order, by its name. */
  programs: string[];
  /** Every folder that was read to its end, in order, by its path. */
  foldersRead: string[];
}

const CALL = /^(\d+) +(?:<\.\.\. )?(execve|getdents64)(?:\(| resumed>)(.*)$/;

/** Pure: what a trace says, whose calls may be cut in two by those of other processes. */
export function parseTrace(text: string): Traced {
  const traced: Traced = { programs: [], foldersRead: [] };
  const begun = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, pid = '', call, rest = ''] = CALL.exec(line) ?? [];
    if (call === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) begun.set(pid, rest);
    if (!rest.endsWith(' = 0')) continue;
    const whole = line.includes(' resumed>') ? `${begun.get(pid) ?? ''}${rest}` : rest;
    if (call === 'execve') traced.programs.push(basename(/^"([^"]*)"/.exec(whole)?.[1] ?? '?'));
    else traced.foldersRead.push(/^\d+<([^>]*)>/.exec(whole)?.[1] ?? '?');
  }
  return traced;
}

/** Follows some processes and all that they start while `work` is done. Slows them down: nothing is timed meanwhile. */
export async function traceWhile(
  pids: readonly number[],
  file: string,
  work: () => Promise<void>,
): Promise<Traced> {
  const options = ['-f', '-y', '-e', 'trace=execve,getdents64', '-e', 'signal=none', '-s', '256', '-o', file];
  const strace = spawn('strace', [...options, ...pids.flatMap((pid) => ['-p', String(pid)])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(strace, 'exit');
  const attached = new Set<number>();
  await new Promise<void>((resolve, reject) => {
    strace.once('error', reject);
    ended.then(() => reject(new Error('strace ended before it had begun')), reject);
    const reader = makeLineReader((line) => {
      const pid = Number(/Process (\d+) attached/.exec(line)?.[1]);
      if (pids.includes(pid)) attached.add(pid);
      if (attached.size === pids.length) resolve();
    });
    strace.stderr.on('data', (chunk: Buffer) => reader.push(chunk));
  });
  try {
    await work();
  } finally {
    strace.kill('SIGINT');
    await ended;
  }
  return parseTrace(await readFile(file, 'latin1'));
}
