/** A tree of everything that copying tools get wrong. Needs root, for owners and device nodes. */
import { lchown, link, lutimes, mkdir, open, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { chmod, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';

const host = makeLocalHost({ name: 'nasty-tree', home: tmpdir() });
const SPARSE_BYTES = 16 * 1024 * 1024;

/** Names that break tools; as bytes, since they need not be UTF-8. */
export const NASTY_NAMES: readonly Buffer[] = [
  Buffer.from('new\nline'),
  Buffer.from([0x6e, 0xff, 0xfe, 0x80, 0x6e]),
  Buffer.from('n'.repeat(255)),
  Buffer.from('-rf'),
  Buffer.from('--delete'),
  Buffer.from('#hash'),
  Buffer.from(';semi $(dollar) `tick` \'quote\' "double" \\back *'),
  Buffer.from(' blanks '),
  Buffer.from('Grüße 日本'),
  Buffer.from('tab\there'),
  Buffer.from('.hidden'),
];

/**
 * Fills a folder, which is made if need be.
 * @param options.withXattrs false for filesystems without extended attributes and ACLs.
 */
export async function makeNastyTree(root: string, { withXattrs = true } = {}): Promise<void> {
  const at = (name: string) => `${root}/${name}`;
  await mkdir(root, { recursive: true });
  await makeNames(root);
  await makeModes(at);
  await makeLinks(at);
  await makeSparse(at('sparse'));
  await makeSpecials(at);
  if (withXattrs) await makeAttributes(at);
  await writeFile(
    at('content'),
    Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256)),
  );
  await writeFile(at('empty'), '');
  await mkdir(at('empty-folder'), 0o711);
  await makeTimes(root, at);
}

async function makeNames(root: string): Promise<void> {
  for (const folder of [root, `${root}/folder`]) {
    await mkdir(folder, { recursive: true });
    for (const [index, name] of NASTY_NAMES.entries()) {
      const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
      // Every other one a folder with a file in it.
      if (index % 2 === 0) await writeFile(path, `content of ${index}\n`);
      else {
        await mkdir(path, { recursive: true });
        await writeFile(Buffer.concat([path, Buffer.from('/inside')]), `inside ${index}\n`);
      }
    }
  }
}

async function makeModes(at: (name: string) => string): Promise<void> {
  await mkdir(at('modes'));
  for (const mode of [0o000, 0o400, 0o644, 0o755, 0o4755, 0o2755, 0o1777, 0o7777]) {
    const path = at(`modes/${mode.toString(8)}`);
    await writeFile(path, `mode ${mode}\n`);
    // Changing the owner clears setuid and setgid: the mode comes after.
    await chown(path, 12_345, 54_321);
    await chmod(path, mode);
  }
  await mkdir(at('modes/sticky'));
  await chmod(at('modes/sticky'), 0o1777);
  await mkdir(at('modes/closed'));
  await writeFile(at('modes/closed/inside'), 'x');
  await chmod(at('modes/closed'), 0o500);
}

async function makeLinks(at: (name: string) => string): Promise<void> {
  await mkdir(at('links'));
  await writeFile(at('links/one'), 'one file of three names\n');
  await link(at('links/one'), at('links/two'));
  await link(at('links/one'), at('linked-at-the-top'));
  await symlink('one', at('links/relative'));
  await symlink('/nonexistent/absolute', at('links/dangling'));
  await symlink('../../..', at('links/upwards'));
  await symlink(Buffer.from([0x62, 0xff, 0x0a]), at('links/bytes'));
  await lchown(at('links/dangling'), 4711, 4712);
}

async function makeSparse(path: string): Promise<void> {
  const file = await open(path, 'w');
  await file.write('begin', 0);
  await file.write('middle', SPARSE_BYTES / 2);
  await file.close();
  await truncate(path, SPARSE_BYTES);
}

async function makeSpecials(at: (name: string) => string): Promise<void> {
  await mkdir(at('special'));
  await runChecked(host, ['mkfifo', '-m', '0620', at('special/fifo')]);
  await runChecked(host, ['mknod', at('special/null'), 'c', '1', '3']);
  await runChecked(host, ['mknod', at('special/block'), 'b', '7', '200']);
}

async function makeAttributes(at: (name: string) => string): Promise<void> {
  await mkdir(at('attributes'));
  await writeFile(at('attributes/xattr'), 'with attributes\n');
  await runChecked(host, ['setfattr', '-n', 'user.text', '-v', 'grüße', at('attributes/xattr')]);
  await runChecked(host, ['setfattr', '-n', 'user.bytes', '-v', '0x00ff0a00', at('attributes/xattr')]);
  await writeFile(at('attributes/acl'), 'with an ACL\n');
  await runChecked(host, ['setfacl', '-m', 'u:4711:rw,g:4712:r', at('attributes/acl')]);
  await mkdir(at('attributes/default-acl'));
  await runChecked(host, ['setfacl', '-m', 'd:u:4711:rwx', at('attributes/default-acl')]);
  await runChecked(host, ['setfattr', '-n', 'user.folder', '-v', 'yes', at('attributes/default-acl')]);
}

/** Last: everything else would change the times of the folders again. */
async function makeTimes(root: string, at: (name: string) => string): Promise<void> {
  await mkdir(at('times'));
  for (const [name, time] of [
    ['nanoseconds', '2021-03-04 05:06:07.123456789Z'],
    ['old', '1975-01-01 00:00:00.000000001Z'],
    ['future', '2037-12-31 23:59:59.999999999Z'],
  ] as const) {
    await writeFile(at(`times/${name}`), name);
    await runChecked(host, ['touch', '-d', time, at(`times/${name}`)]);
  }
  await lutimes(at('links/relative'), 1_000_000_000, 1_000_000_000);
  await utimes(at('times'), 1_100_000_000, 1_100_000_000);
  await chown(root, 1234, 4321);
  await chmod(root, 0o2751);
  await runChecked(host, ['touch', '-d', '2022-02-02 02:02:02.222222222Z', root]);
}
