/** Blocks that the agents' own hosts can't see: the mover works by the runner and the path of a reach alone. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { startLandingSshd } from '../../src/landings/sshd';
import { blockMover } from '../../src/movers/block';
import type { TransferId } from '../../src/movers/contract';
import type { Reach } from '../../src/movers/reach';
import { AwayHost } from '../support/hosts/away';
import { TwoHosts } from '../support/hosts/netns';
import { blockSpec } from '../support/rigs/block-rig';
import { BlockStorage, MiB } from '../support/storage/block-storage';

const SIZE = 16 * MiB;

let folder: string;
let hosts: TwoHosts;
let alpha: AwayHost;
let beta: AwayHost;
let storage: BlockStorage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-block-away-'));
  storage = await BlockStorage.make();
  hosts = await TwoHosts.make();
  alpha = await AwayHost.start('alpha', hosts, 'a');
  beta = await AwayHost.start('beta', hosts, 'b');
});
afterAll(async () => {
  await alpha.remove();
  await beta.remove();
  await hosts.remove();
  await storage.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** An agent that keeps its notes here, and a way to a path of its host. */
async function start(away: AwayHost, path: string): Promise<{ agent: Host; reach: Reach }> {
  const home = join(folder, away.name);
  await mkdir(home, { recursive: true });
  const agent = makeLocalHost({ name: away.name, home });
  const use = { state: 'live' as const, volume: path, relationship: 'db', target: 'copy', syncId: 'db-1' };
  const up = await away.bringUp(use);
  const { home: _lasts, ...runner } = up.host;
  const close = () => away.end(use);
  return {
    agent,
    reach: { runner: { ...runner, scratch: up.scratch }, path, landings: up.landings.landings, close },
  };
}

it('from an image file that only its runner sees to a device, and compared there, with nothing left in the runner', async () => {
  const image = join(alpha.root, 'db.img');
  await BlockStorage.scribble(alpha.see(image), 0, 16);
  const { path: device } = await storage.device(SIZE);
  const [from, to] = [await start(alpha, image), await start(beta, device)];
  const service = await startLandingSshd(to.agent, {
    listenAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
  });
  const id: TransferId = { relationship: 'db', target: 'copy', syncId: 'db-1' };
  const mover = blockSpec();
  const volume = { kind: 'block', path: device } as const;
  const landings = to.reach.landings ?? service.landings;
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const [signal, onProgress] = [new AbortController().signal, () => undefined];
  try {
    const offer = await blockMover.offer(from.agent, { id, reach: from.reach, targetHost: 'beta', mover });
    const common = { id, reach: to.reach, volume, mover, expiresAt };
    const opened = await blockMover.receive(to.agent, landings, { ...common, offer, writeMode: 'inPlace' });
    const stats = await blockMover.transfer(from.agent, {
      ...{ id, reach: from.reach, opened, writeMode: 'inPlace', mover, told: offer.told, signal, onProgress },
      capture: { syncId: id.syncId, method: 'Direct', path: image, live: true },
    });
    expect(stats).toMatchObject({ totalBytes: SIZE, filesChanged: 1 });
    expect(await BlockStorage.sum(device, SIZE)).toBe(await BlockStorage.sum(alpha.see(image), SIZE));

    await BlockStorage.flipBit(device, 5);
    const asked = await blockMover.offerVerify(from.agent, { id, reach: from.reach, mover, quick: false });
    const looked = await blockMover.receive(to.agent, landings, {
      ...{ ...common, offer: asked, writeMode: 'verify' },
    });
    const comparison = await blockMover.verify(from.agent, {
      ...{ id, reach: from.reach, volume, opened: looked, mover, identity: 'x', quick: false },
      ...{ capturedAt: new Date(0).toISOString(), pointSyncId: id.syncId, signal, onProgress },
    });
    expect(comparison).toMatchObject({ total: 1, unexplained: 1 });
  } finally {
    for (const { agent, reach } of [from, to]) {
      await blockMover.close(agent, { runner: reach.runner, landings }, id);
      await reach.close();
    }
    await service.stop();
  }
});
