/** In VolSync's layout, by `kill -9`: what a writer has left in the middle no reader takes, and the next sync mends it. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCredentials } from '../../src/hosts/credentials';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { forgetLooks } from '../../src/volumes/bucket/notes';
import { bucketAt } from '../../src/volumes/bucket/rclone';
import { besideOf } from '../../src/volumes/bucket/volsync/store';
import { runElsewhere } from '../support/programs/kill-at-random';
import type { StoreUse } from '../support/programs/use-store';
import { useVolSyncBuckets } from '../support/rigs/volsync-rig';
import type { StoreName } from '../support/rigs/bucket-rig';
import { sample } from '../support/sample';
import { runDestination } from '../support/stores/volsync-mover';
import { describePermissions } from '../support/trees/describe-permissions';

/** So often each is killed; `TIDEMARK_CHAOS_ROUNDS` says otherwise. */
const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS ?? 2);

jest.setTimeout(60_000 + ROUNDS * 60_000);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe.each(sample<StoreName>(['folder', 'S3'], 1))('in a store that is %s', (store) => {
  const stage = useVolSyncBuckets(store);
  const { source } = stage;
  const use = (more: object) => ({ folder: stage.folder, volume: stage.rig.volume, ...more }) as StoreUse;

  /** Some files of a third of the size change, some go, some come. */
  async function change(round: number): Promise<string> {
    await mkdir(source(`folder-${round}`), { recursive: true });
    for (let file = 0; file < 40; file++)
      await writeFile(source(`folder-${round}`, `file-${file}`), `${round}-${file} `.repeat(400));
    await writeFile(source(`large-${round % 2}`), randomBytes(2 ** 21));
    await chmod(source(`large-${round % 2}`), 0o600 + (round % 8));
    await rm(source(`folder-${round - 2}`), { recursive: true, force: true });
    return read(source());
  }

  const read = (path: string) => sha256(JSON.stringify(describePermissions(path)));

  /** What a ReplicationDestination has after it was run; undefined where it brings nothing. */
  async function readAsTheyDo(name: string): Promise<string | undefined> {
    const theirs = stage.mover(name);
    await rm(theirs.volume, { recursive: true, force: true });
    try {
      await runDestination(theirs);
    } catch (error) {
      expect(String(error)).toContain('permissions.facl');
      return undefined;
    }
    return read(theirs.volume);
  }

  function makeReader(name: string): Host {
    return {
      ...makeLocalHost({ name, home: join(stage.folder, name) }),
      credentials: makeCredentials(name, join(stage.folder, 'credentials')),
    };
  }

  /** What Tidemark reads of it as a source; undefined where it takes nothing. */
  async function readAsSource(host: Host): Promise<string | undefined> {
    const { driver, volume } = stage.rig;
    const request = { relationship: 'reader', syncId: 'reader-1', method: 'Snapshot' as const };
    try {
      return read((await driver.capture(host, volume, request)).path);
    } catch (error) {
      expect(error).toMatchObject({ type: expect.stringMatching(/^(NotReady|VolumeBusy)$/) as string });
      return undefined;
    }
  }

  it('a writer that is killed leaves one state or none to every reader, and the next sync completes it', async () => {
    const { rig } = stage;
    const reader = makeReader(`${store}-patient`);
    let sequence = 1;
    let before = await change(sequence);
    const { elapsedMs } = await runElsewhere(
      'use-store.ts',
      use({ does: 'sync', name: stage.name, sequence }),
    );
    expect(await readAsTheyDo('first')).toBe(before);
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const now = await change(++sequence);
      const { hasEnded } = await runElsewhere(
        'use-store.ts',
        use({ does: 'sync', name: stage.name, sequence }),
        Math.random() * elapsedMs,
      );
      if (!hasEnded) killed++;
      for (const seen of [await readAsTheyDo('theirs'), await readAsSource(reader)])
        expect([before, now, undefined]).toContain(seen);
      // Who is asked is not who was killed, and saw nothing of what that has begun.
      forgetLooks(besideOf(bucketAt(rig.host, rig.volume)));
      const [point = ''] = await rig.points();
      const isTorn = await rig.driver.isChanged(rig.host, rig.volume, 'wiki');
      const ours = await rig
        .withTree(point, (path) => Promise.resolve(read(path)))
        .catch((error: unknown) => {
          expect(error).toMatchObject({ type: 'NotReady' });
          return undefined;
        });
      // It is told, before anybody reads it, whether there is anything whole to read.
      expect(ours === undefined).toBe(isTorn);
      expect([before, now, undefined]).toContain(ours);
      before = await change(++sequence);
      const { point: next } = await rig.sync(sequence);
      expect(await rig.driver.isChanged(rig.host, rig.volume, 'wiki')).toBe(false);
      expect(await rig.withTree(next.id, (path) => Promise.resolve(read(path)))).toBe(before);
      expect(await readAsTheyDo('theirs')).toBe(before);
      expect(await readAsSource(reader)).toBe(before);
    }
    expect(killed).toBeGreaterThan(0);
  });

  it('a reader that is killed reads the newest state the next time, whatever it has left', async () => {
    const { rig } = stage;
    const reader = `${store}-hasty`;
    let sequence = 1;
    await change(sequence);
    await rig.sync(sequence);
    const { elapsedMs } = await runElsewhere('use-store.ts', use({ does: 'read', reader }));
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const now = await change(++sequence);
      await rig.sync(sequence);
      const { hasEnded } = await runElsewhere(
        'use-store.ts',
        use({ does: 'read', reader }),
        Math.random() * elapsedMs,
      );
      if (!hasEnded) killed++;
      expect(await readAsSource(makeReader(reader))).toBe(now);
    }
    expect(killed).toBeGreaterThan(0);
  });
});
