/** Both halves of VolSync's rsync, each ours: a peer as a target, and a door into a claim. */
import { copyFile, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usePeer } from '../support/rigs/peer-rig';
import { PushRig } from '../support/rigs/push-rig';

const stage = usePeer();

let door: PushRig;
let rig: Awaited<ReturnType<typeof stage.make>>;
beforeEach(async () => {
  door = await PushRig.make();
  const at = join(stage.credentials, 'door');
  await mkdir(at, { recursive: true });
  await copyFile(join(door.folder, 'key'), join(at, 'key'));
  const [type = '', key = ''] = (await readFile(join(door.folder, 'host_key.pub'), 'utf8')).split(' ');
  await writeFile(join(at, 'known_hosts'), `* ${type} ${key}\n`, { mode: 0o600 });
  const url = `ssh://root@127.0.0.1:${door.port}/~`;
  rig = await stage.make({
    ...{ url, credentials: 'door', folder: door.volume, options: { signal: 'volsync' } },
  });
});
afterEach(() => door.dispose());

async function push(sequence: number): Promise<void> {
  const waiting = door.transfer(sequence, await door.receive(sequence), {
    confirmed: `shop-${sequence - 1}`,
  });
  await rig.sync(sequence);
  await waiting;
  await door.close(sequence);
}

it('what a source pushes to a destination counts there, each time', async () => {
  for (const sequence of [1, 2, 3]) {
    await writeFile(join(rig.source, 'page'), `state ${sequence}`);
    await push(sequence);
    expect(await door.read('page')).toBe(`state ${sequence}`);
  }
});

it('a push that brings nothing counts as any other', async () => {
  await writeFile(join(rig.source, 'page'), 'state 1');
  for (const sequence of [1, 2]) await push(sequence);
  expect(await door.read('page')).toBe('state 1');
});

it('a source that remembers nothing of what is there finds what size and time do not tell', async () => {
  const noon = new Date('2026-11-30T12:00:00Z');
  await writeFile(join(rig.source, 'page'), 'state 1');
  await writeFile(join(door.volume, 'page'), 'stale 1');
  for (const folder of [rig.source, door.volume]) await utimes(join(folder, 'page'), noon, noon);
  await push(1);
  expect(await door.read('page')).toBe('state 1');
});
