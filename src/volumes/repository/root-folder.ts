/**
 * The folder that everything lies in, of which restic keeps nothing but what is in it: mode, owner, time, extended
 * attributes and ACLs. As a tar archive of that folder alone, in a tag of the snapshot.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Host, Runner } from '../../hosts/contract';
import { toolFailed } from '../../hosts/run-checked';
import type { Volume } from '../../model/records';
import { makeError } from '../shared/tools';

/** All tags of a snapshot are one argument, of which the kernel takes 128 KiB. */
const MOST_CHARACTERS = 64 * 1024;

/** ACLs go by themselves; XFS shows root each a second time. */
const ATTRIBUTES = [
  ...['--acls', '--xattrs', '--xattrs-include=*'],
  ...['--xattrs-exclude=system.*', '--xattrs-exclude=trusted.SGI_ACL_*'],
];
const ONE_FOLDER = ['--no-recursion', '--numeric-owner', '--file=-', '--', './'];

/** The folder at a path, as a word for a tag. */
export async function describeRoot(
  { host, runner, volume }: { host: Host; runner: Runner; volume: Volume },
  path: string,
): Promise<string> {
  const argv = ['tar', '--create', '--format=pax', '--blocking-factor=1', ...ATTRIBUTES, ...ONE_FOLDER];
  const result = await runner.run(argv, { cwd: path });
  if (result.exitCode !== 0) throw toolFailed(host, argv, result, path);
  const word = gzipSync(result.stdout).toString('base64url');
  if (word.length <= MOST_CHARACTERS) return word;
  throw makeError(
    { host, volume },
    'UnsupportedCapture',
    `the extended attributes of ${path} itself are too large to be kept with a snapshot`,
    { hint: `remove those that nobody needs: getfattr -m - ${path} names them` },
  );
}

/** Makes a folder that which was described. What its filesystem or the user can't have is left as it is. */
export async function restoreRoot(runner: Runner, word: string, path: string): Promise<void> {
  const argv = ['tar', '--extract', '--preserve-permissions', ...ATTRIBUTES, ...ONE_FOLDER];
  const result = await runner.run(argv, { cwd: path, stdin: gunzipSync(Buffer.from(word, 'base64url')) });
  if (result.exitCode !== 0) throw toolFailed(runner, argv, result, path);
}
