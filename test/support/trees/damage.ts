/** What users and broken programs do to a tree of `makeNastyTree`. */
import {
  chmod,
  chown,
  link,
  mkdir,
  open,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import { makeNastyTree, NASTY_NAMES } from './nasty-tree';

const host = makeLocalHost({ name: 'damage', home: tmpdir() });

/** Every way in which a program changes files that are there already, keeping their inodes. */
export async function writeInPlace(root: string): Promise<void> {
  const at = (name: string) => join(root, name);
  const file = await open(at('content'), 'r+');
  await file.write('overwritten', 500);
  await file.close();
  await truncate(at('sparse'), 100);
  await writeFile(at('empty'), 'not empty any more', { flag: 'a' });
  await chmod(at('modes/644'), 0o600);
  await utimes(at('times/old'), 5, 5);
  await writeFile(at('links/one'), 'written through one of its names');
  await unlink(at('linked-at-the-top'));
  await rename(at('folder'), at('renamed'));
}

/** Every sort of damage: changed, lost, added, of another kind, with other metadata, other links. */
export async function damageTree(root: string): Promise<void> {
  const at = (name: string) => join(root, name);
  await writeInPlace(root);
  await makeNastyTree(at('extra'));
  for (const name of NASTY_NAMES) {
    await rm(Buffer.concat([Buffer.from(`${root}/`), name]), { recursive: true });
  }
  await rm(at('empty-folder'), { recursive: true });
  await writeFile(at('empty-folder'), 'a file in place of a folder');
  await unlink(at('content'));
  await mkdir(at('content/deep'), { recursive: true });
  await writeFile(at('content/deep/file'), 'a folder in place of a file');
  await rm(at('special/null'));
  await rm(at('special/fifo'));
  await writeFile(at('special/fifo'), 'a file in place of a fifo');
  await runChecked(host, ['mknod', at('special/other'), 'b', '7', '201']);
  await unlink(at('links/dangling'));
  await symlink('/elsewhere', at('links/dangling'));
  await unlink(at('links/two'));
  await writeFile(at('links/two'), 'a file of its own');
  await unlink(at('modes/755'));
  await link(at('modes/644'), at('modes/755'));
  await chmod(at('modes/closed'), 0o777);
  await chown(at('modes/400'), 1, 1);
  await runChecked(host, ['setfattr', '-x', 'user.text', at('attributes/xattr')]);
  await runChecked(host, ['setfattr', '-n', 'user.more', '-v', 'x', at('attributes/xattr')]);
  await runChecked(host, ['setfacl', '-b', at('attributes/acl')]);
  await runChecked(host, ['setfacl', '-m', 'd:u:99:r,u:98:w', at('modes')]);
  await runChecked(host, ['setfacl', '-k', at('attributes/default-acl')]);
  await chown(root, 77, 78);
  await chmod(root, 0o777);
  await utimes(root, 7, 7);
}
