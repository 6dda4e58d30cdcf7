/** Temporal's own CLI, as an operator types it who knows nothing of ours. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestSystem } from './system';
import { findTemporal } from './temporal-server';

/** Runs `temporal …` against a system; @throws where it fails. */
export async function temporalCli(system: TestSystem, ...args: string[]): Promise<string> {
  const argv = [...args, '--address', system.env.TEMPORAL_ADDRESS ?? ''];
  const { stdout } = await promisify(execFile)(findTemporal(), argv, { maxBuffer: 64 * 1024 ** 2 });
  return stdout;
}

/** The same, answering its JSON. */
export async function temporalJson<T>(system: TestSystem, ...args: string[]): Promise<T> {
  return JSON.parse(await temporalCli(system, ...args, '-o', 'json')) as T;
}
