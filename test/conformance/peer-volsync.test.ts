/** A ReplicationDestination of VolSync as the far end, acted by plain sshd and rsync as its own does: see docs/peers.md. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PeerRig, usePeer } from '../support/rigs/peer-rig';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

const stage = usePeer();

/**
 * What the account runs: an rsync that takes, into `.` alone; and `shutdown`, by which the server freezes what is there, and
 * goes away with the connection.
 */
const END = `#!/bin/sh
cd "$1/data" || exit 1
images=$1/images
set -f; set -- $SSH_ORIGINAL_COMMAND; set +f
last=; for word; do last=$word; done
case "$1 $2" in
'rsync --server')
  case " $* " in *' --sender '*) echo 'reading is not served' >&2; exit 1;; esac
  [ "$last" = . ] || { echo "not the volume: $last" >&2; exit 1; }
  exec "$@";;
'shutdown 0')
  cp -a . "$images/$(ls "$images" | wc -l)"
  kill -KILL $PPID;;
*) echo "not served: $*" >&2; exit 1;;
esac
`;

async function makeRig(name: string): Promise<{ rig: PeerRig; images: string }> {
  const { server, credentials, folder } = stage;
  const at = await server.makeFolder(name);
  await mkdir(join(at, 'data'));
  await mkdir(join(at, 'images'));
  const script = join(folder, 'destination.sh');
  await writeFile(script, END);
  await chmod(script, 0o755);
  await server.letIn(credentials, name, `${script} ${at}`);
  const place = { url: server.url('root', '/~'), credentials: name, folder: join(at, 'data') };
  const rig = await stage.make({ ...place, options: { signal: 'volsync' } });
  return { rig, images: join(at, 'images') };
}

it('freezes what was pushed once that is whole, with nothing of ours in it', async () => {
  const { rig, images } = await makeRig('whole');
  await makeNastyTree(rig.source);
  const { stats } = await rig.sync(1);
  expect(stats.leftOut ?? []).toEqual([]);
  expect(await readdir(images)).toEqual(['0']);
  expect(await compareTrees(rig.source, join(images, '0'))).toEqual([]);
  expect(await readdir(join(images, '0'))).not.toContain('.tidemark');
  await writeFile(join(rig.source, 'content'), 'changed');
  await rm(join(rig.source, 'links'), { recursive: true });
  await rig.sync(2);
  expect(await compareTrees(rig.source, join(images, '1'))).toEqual([]);
  expect(await rig.points()).toEqual(['point-000002']);
});

it('freezes nothing of a push that was refused, or broke', async () => {
  const { rig, images } = await makeRig('broken');
  for (let index = 0; index < 9; index++) await writeFile(join(rig.source, `page-${index}`), randomBytes(99));
  await rig.sync(1);
  for (let index = 0; index < 8; index++) await rm(join(rig.source, `page-${index}`));
  await expect(rig.sync(2, { maxDeletions: 2 })).rejects.toMatchObject({ type: 'ApprovalRequired' });
  await writeFile(join(rig.source, 'big'), randomBytes(2 ** 22));
  const ended = new AbortController();
  const onProgress = () => ended.abort(new Error('cancelled'));
  await expect(rig.sync(3, { signal: ended.signal, onProgress })).rejects.toThrow('cancelled');
  expect(await readdir(images)).toEqual(['0']);
  await rig.sync(4);
  expect(await compareTrees(rig.source, join(images, '1'))).toEqual([]);
});

it('is compared there, and gives nothing back', async () => {
  const { rig } = await makeRig('compared');
  await writeFile(join(rig.source, 'page'), 'one');
  const { point } = await rig.sync(1);
  expect(await rig.compare(point.id)).toMatchObject({ total: 0 });
  await writeFile(join(rig.far, 'page'), 'eno!');
  expect((await rig.compare(point.id)).differences.map(({ path }) => path)).toContain('page');
  await expect(rig.withTree(point.id, (path) => readFile(join(path, 'page')))).rejects.toMatchObject({
    message: expect.stringMatching(/^the account at \S+ does not run what rsync asks for$/) as unknown,
    details: { toolMessage: expect.stringContaining('reading is not served') as unknown },
  });
});
