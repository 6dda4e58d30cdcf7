/** A file that has all that files may have, as far as its filesystem and the agent can give it that; and what is no file. */
import { join } from 'node:path';
import { TidemarkError } from '../../model/errors';
import type { AttributeSpace } from '../../model/keeps';
import type { Runner } from '../../hosts/contract';

export const PROBE = 'probe';
export const PROBE_FIFO = 'probe-fifo';
export const PROBE_DEVICE = 'probe-device';

/** An odd second, and no nanosecond like another: see `timeStepOf`. */
const TIME = '@981173107.123456789';
/** Nobody's, most likely: what no account would give its own files. */
const FOREIGN_ID = 64_999;

/** A capability is checked by the kernel: this is `cap_net_raw+ep`. */
const ATTRIBUTES: readonly string[][] = [
  ['setfattr', '-n', 'user.tidemark', '-v', 'x'],
  ['setfattr', '-n', 'trusted.tidemark', '-v', 'x'],
  ['setfattr', '-n', 'security.capability', '-v', '0x0100000200200000000000000000000000000000'],
  ['setfacl', '-m', 'u:1:r'],
];

const NAMES: Record<AttributeSpace, RegExp> = {
  user: /^user\.tidemark$/m,
  trusted: /^trusted\.tidemark$/m,
  security: /^security\.capability$/m,
  acl: /^system\.posix_acl_access$/m,
};

/** What a probe has. */
export interface Probe {
  uid: number;
  gid: number;
  /** In seconds. */
  mtime: string;
  has: AttributeSpace[];
}

/** What can't be given, or by no tool that is here, is not tried. */
async function attempt(host: Runner, argv: readonly string[]): Promise<string> {
  try {
    return (await host.run(argv)).stdout.toString();
  } catch (error) {
    if (error instanceof TidemarkError && error.type === 'ToolMissing') return '';
    throw error;
  }
}

/** Makes them in a folder of the agent's own. */
export async function makeProbes(host: Runner, folder: string): Promise<void> {
  const file = join(folder, PROBE);
  await host.files.write(file, 'Tidemark tries what can be kept here.\n', 0o600);
  await attempt(host, ['chown', '--', `${FOREIGN_ID}:${FOREIGN_ID}`, file]);
  for (const give of ATTRIBUTES) await attempt(host, [...give, '--', file]);
  await attempt(host, ['touch', '-d', TIME, '--', file]);
  await attempt(host, ['mkfifo', '--', join(folder, PROBE_FIFO)]);
  // As the kernel's `null`.
  await attempt(host, ['mknod', '--', join(folder, PROBE_DEVICE), 'c', '1', '3']);
}

/** Undefined where there is none. */
export async function readProbe(host: Runner, file: string): Promise<Probe | undefined> {
  if ((await host.files.stat(file)) === undefined) return undefined;
  const [uid = '', gid = '', mtime = ''] = (await attempt(host, ['stat', '-c', '%u %g %.9Y', '--', file]))
    .trim()
    .split(' ');
  const names = await attempt(host, ['getfattr', '-h', '-m', '-', '--absolute-names', '--', file]);
  const spaces = Object.entries(NAMES) as [AttributeSpace, RegExp][];
  const has = spaces.filter(([, name]) => name.test(names)).map(([space]) => space);
  return { uid: Number(uid), gid: Number(gid), mtime, has };
}

/** The agent gave it away: what comes back tells whether the peer can. */
export const isForeign = ({ uid }: Probe): boolean => uid === FOREIGN_ID;
