/** Timing of whole processes, and of pipes of them. Wall-clock, in milliseconds. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Runs a pipe of programs to its end. @throws Error where one of them fails, with what it printed. */
export async function timePipe(...argvs: string[][]): Promise<number> {
  const started = performance.now();
  const children: ChildProcess[] = [];
  // Each takes the pipe of the one before itself: through this process, the bytes would cost time.
  for (const [program = '', ...args] of argvs) {
    const before = children.at(-1)?.stdout;
    children.push(spawn(program, args, { stdio: [before ?? 'ignore', 'pipe', 'pipe'] }));
    before?.destroy();
  }
  let errors = '';
  for (const child of children)
    child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  children.at(-1)?.stdout?.resume();
  const codes = await Promise.all(
    children.map((child) => new Promise<number>((done) => child.once('close', (code) => done(code ?? 1)))),
  );
  if (codes.some((code) => code !== 0))
    throw new Error(
      `${argvs.map((argv) => argv.join(' ')).join(' | ')}: exit codes ${codes.join(', ')}: ${errors}`,
    );
  return performance.now() - started;
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** A Markdown table that lines up in plain text too. */
export function formatTable(head: string[], rows: string[][]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(Math.max(1, width - 1))}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
