/** Finds and ends an sshd that an agent left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../hosts/contract';
import { TidemarkError } from '../model/errors';

const TERM_MS = 2000;
const KILL_MS = 5000;
const POLL_MS = 20;

/**
 * True while the process of this number is the listener of this home. sshd writes its title over its
 * environment, so that `Host.endAttempts` can't know it; the title shows the configuration it was
 * started with.
 */
async function isOurListener(host: Host, pid: number): Promise<boolean> {
  const title = await host.files.read(`/proc/${pid}/cmdline`).catch(() => undefined);
  return title?.includes('sshd') === true && title.includes(`${host.home}/sshd/sshd_config`);
}

async function waitUntilGone(host: Host, pid: number, ms: number): Promise<boolean> {
  for (const deadline = performance.now() + ms; performance.now() < deadline; await sleep(POLL_MS)) {
    if (!(await isOurListener(host, pid))) return true;
  }
  return false;
}

/** By a shell's own, since small images lack procps. */
const signal = (host: Host, name: string, pid: number) =>
  host.run(['sh', '-c', 'kill -s "$1" "$2"', 'sh', name, String(pid)]);

/**
 * Ends the listener that an earlier agent of this home left. Its sessions go on: what they carry is
 * whole, and `Host.endAttempts` ends them before a successor.
 * @throws TidemarkError `VolumeBusy` where it survives KILL.
 */
export async function endLeftOverSshd(host: Host): Promise<void> {
  const pid = Number(await host.files.read(`${host.home}/sshd/sshd.pid`));
  if (!Number.isInteger(pid) || pid <= 1 || !(await isOurListener(host, pid))) return;
  await signal(host, 'TERM', pid);
  if (await waitUntilGone(host, pid, TERM_MS)) return;
  await signal(host, 'KILL', pid);
  if (await waitUntilGone(host, pid, KILL_MS)) return;
  const message = `an sshd of an earlier agent can't be ended (process ${pid})`;
  throw new TidemarkError('VolumeBusy', message, { host: host.name, hint: `look at it with: ps -fp ${pid}` });
}
