/** Files that change while they are read: sent from copies of them that stand still. */
import { nulWords } from '../../../hosts/nul-words';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { runChecked } from '../../../hosts/run-checked';
import { hashFiles } from '../hashes';
import { keyOf, makeStateId, numberOf } from '../layout';
import type { Entry } from '../manifest';
import type { Bucket } from '../rclone';
import { scan } from '../scan';
import { upload, type UploadOptions } from './upload';

/** Those that are gone by now are left out. */
async function copyAside(
  { runner }: Bucket,
  root: string,
  files: readonly Entry[],
  folder: string,
): Promise<void> {
  const from = Buffer.from(root).toString('latin1');
  const folders = new Set(files.map(({ path }) => `./${dirname(path)}`));
  await runner.files.mkdir(folder, 0o700);
  await runChecked(runner, ['xargs', '-0', 'mkdir', '-p', '--'], {
    cwd: folder,
    stdin: nulWords([...folders]),
  });
  const pairs = files.flatMap(({ path }) => [`${from}/${path}`, `./${path}`]);
  await runner.run(['xargs', '-0', '-n2', 'cp', '--preserve=timestamps', '--reflink=auto', '-T', '--'], {
    ...{ cwd: folder, stdin: nulWords(pairs) },
  });
}

/** A later state than one whose folder of what it replaced is in use: nothing in there may be replaced in its turn. */
const stateAfter = (id: string): string => makeStateId(numberOf(id) + 1, id.slice(id.indexOf('-') + 1));

/** @returns the files as they were sent, by path; and the state that they belong to */
export async function sendAside(
  bucket: Bucket,
  files: readonly Entry[],
  { first, replaced, options }: { first: string; replaced: string | undefined; options: UploadOptions },
): Promise<{ files: Map<string, Entry>; state: string }> {
  const sent = new Map<string, Entry>();
  if (files.length === 0) return { files: sent, state: first };
  const state = stateAfter(first);
  const folder = join(bucket.runner.scratch, `aside-${randomUUID()}`);
  try {
    await copyAside(bucket, options.root, files, folder);
    const copies = new Map((await scan(bucket.runner, folder)).entries.map((entry) => [entry.path, entry]));
    const hashes = await hashFiles(
      bucket,
      folder,
      files.filter(({ path }) => copies.has(path)),
      options.signal,
    );
    for (const { linkOf: _first, ...entry } of files) {
      const [copy, sha256] = [copies.get(entry.path), hashes.get(entry.path)];
      if (copy && sha256 !== undefined)
        sent.set(entry.path, { ...entry, bytes: copy.bytes ?? 0, mtime: copy.mtime, sha256 });
    }
    const uploads = [...sent.keys()].map((path) => ({ path, key: keyOf(path) }));
    const kept = replaced === undefined ? undefined : { replaced, by: state };
    await upload(bucket, uploads, kept, { ...options, root: folder });
    return { files: sent, state };
  } finally {
    await bucket.runner.files.remove(folder);
  }
}
