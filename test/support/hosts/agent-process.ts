/** Agents that a test can kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Task } from '../programs/run-there';

const PROGRAM = ['--require', '../run-typescript.cjs', '../programs/run-there.ts'];

/** Starts an agent, a process of this machine, which runs a program on a host. */
export function startAgent(task: Task, argv: readonly string[]): ChildProcess {
  const program = PROGRAM.map((word) => (word.startsWith('..') ? resolve(__dirname, word) : word));
  return spawn(process.execPath, [...program, JSON.stringify(task), ...argv], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
