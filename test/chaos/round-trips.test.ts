/**
 * There and home again, many times, with random writes in between on both sides, also on the one that should not
 * be written to. Every byte is accounted for against a model. `TIDEMARK_CHAOS_SEED` plays a run again,
 * `TIDEMARK_CHAOS_TRIPS` says how many times on ext4.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReverseResult } from '../../src/api/messages';
import { tell } from '../support/tell';
import type { HostName } from './crash/hosts';
import { NAME, Stage } from './crash/stage';
import { makeRandom } from './world';
import { sample } from '../support/sample';
import { SEED } from '../support/seed';

const TRIPS = Number(process.env.TIDEMARK_CHAOS_TRIPS ?? 2);

/** Content by path. */
type Model = Map<string, string>;

async function readTree(root: string): Promise<Model> {
  const found: Model = new Map();
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (entry.isFile() && !name.startsWith('.tidemark/')) found.set(name, await readFile(path, 'utf8'));
  }
  return new Map([...found].sort());
}

/** Both sides as they should be, and everything that was kept on the way. */
class World {
  private serial = 0;
  readonly sides: Record<HostName, Model> = { alpha: new Map(), beta: new Map() };
  /** By host and id of the recovery point. */
  readonly kept: { host: HostName; id: string; content: Model }[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly random: () => number,
  ) {}

  /** Writes and removes at random, in the model too. */
  async scribble(host: HostName): Promise<void> {
    const side = this.sides[host];
    for (let count = 1 + Math.floor(this.random() * 5); count > 0; count--) {
      const name = `folder-${Math.floor(this.random() * 4)}/file-${Math.floor(this.random() * 8)}`;
      const path = join(this.stage.trees.folder(host), name);
      if (this.random() < 0.25) {
        side.delete(name);
        await rm(path, { force: true });
      } else {
        const content = `${this.serial++} at ${host} `.repeat(1 + Math.floor(this.random() * 2_000));
        side.set(name, content);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      }
    }
  }

  async expectBothSides(): Promise<void> {
    for (const host of ['alpha', 'beta'] as const) {
      const expected = new Map([...this.sides[host]].sort());
      expect(await readTree(this.stage.trees.folder(host))).toEqual(expected);
    }
  }

  async expectAllKept(): Promise<void> {
    for (const { host, id, content } of this.kept) {
      const folder = (await this.stage.trees.pointPaths(host, NAME)).get(id);
      if (folder === undefined) throw new Error(`${id} of ${host} is gone`);
      expect(await readTree(folder)).toEqual(new Map([...content].sort()));
    }
  }
}

/** From one side to the other, replication included. */
async function cross(stage: Stage, world: World, from: HostName, canBeWritten: boolean): Promise<void> {
  const to = from === 'alpha' ? 'beta' : 'alpha';
  await world.scribble(from);
  await stage.sync();
  const synced = new Map(world.sides[from]);
  // Never synced: the price of the failover.
  await world.scribble(from);
  await stage.carryOut('failover');
  world.sides[to] = new Map(synced);
  await world.expectBothSides();
  await world.scribble(to);
  if (canBeWritten) await world.scribble(from);
  const { diverged } = (await stage.carryOut('reverse', { acceptDiverged: true })) as ReverseResult;
  if (diverged) world.kept.push({ host: from, id: diverged.id, content: world.sides[from] });
  else expect(world.sides[from]).toEqual(synced);
  world.sides[from] = new Map(world.sides[to]);
  await world.expectBothSides();
}

const STORAGES = [
  { kind: 'ext4', trips: TRIPS },
  { kind: 'btrfs', trips: 2 },
] as const;

test.each(sample(STORAGES, 1))(
  'on $kind, $trips times there and home again, every byte is where it should be, or kept',
  async ({ kind, trips }) => {
    tell(`round trips: TIDEMARK_CHAOS_SEED=${SEED}`);
    const stage = await Stage.make(kind, { isEmpty: true });
    try {
      const world = new World(stage, makeRandom(SEED));
      for (let trip = 0; trip < trips; trip++) {
        // A subvolume that was demoted is read-only: there nobody can write where nobody should.
        await cross(stage, world, 'alpha', kind === 'ext4');
        await cross(stage, world, 'beta', kind === 'ext4');
        await world.expectAllKept();
      }
      expect(world.kept.length).toBeGreaterThan(0);
      expect((await stage.snapshot()).status).toMatchObject({ direction: 'forward', epoch: 1 + 2 * trips });
    } finally {
      await stage.dispose();
    }
  },
  900_000,
);
