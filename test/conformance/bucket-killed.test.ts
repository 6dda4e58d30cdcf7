/** A bucket's writer is killed at any step, and its readers read at any moment: each of them gets one state of the writer, or none. */
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCredentials } from '../../src/hosts/credentials';
import type { Host } from '../../src/hosts/contract';
import { makeLocalHost } from '../../src/hosts/local';
import { Mortality } from '../support/hosts/mortal-host';
import { killWriter, syncOnce } from '../support/rigs/kill-writer';
import { type BucketStage, type StoreName, useBuckets } from '../support/rigs/bucket-rig';
import type { StoreRig } from '../support/rigs/store-rig';
import { sample } from '../support/sample';
import { describeTree } from '../support/trees/compare-trees';

/** Rounds of writer and readers at once. */
const ROUNDS = Number(process.env.TIDEMARK_CHAOS_ROUNDS ?? 2) * 3;
const READERS = 3;

jest.setTimeout(3_600_000);

/** Changes the source as people do, and tells what it looks like by then. */
async function change(rig: StoreRig, sequence: number): Promise<string[]> {
  const at = (name: string) => join(rig.source, name);
  await writeFile(at('page'), String(sequence));
  await writeFile(at(`large-${sequence % 3}`), randomBytes(2 ** 18));
  await rm(at('moves'), { force: true });
  await symlink(String(sequence), at('moves'));
  await rename(at(`name-${sequence - 1}`), at(`name-${sequence}`)).catch(() =>
    writeFile(at(`name-${sequence}`), 'kept'),
  );
  await chmod(at('page'), 0o600 + (sequence % 8));
  return await describeTree(rig.source);
}

/** Soon nobody reads what was replaced: so that everything that can go is gone while others read. */
const keepFor = (rig: StoreRig, keepReplaced: string) =>
  (rig.volume = { ...rig.volume, options: { ...rig.volume.options, keepReplaced } });

describe.each(sample<StoreName>(['folder', 'S3'], 1))('in a store that is %s', (store) => {
  const stage = useBuckets(store);

  it('a writer that is killed loses no point, and leaves none that is not whole', async () => {
    const { rig } = stage;
    keepFor(rig, '0s');
    await killWriter(rig, { steps: 32, change: (sequence) => change(rig, sequence) });
  });

  it('readers get a state that was published, whatever the writer does meanwhile', async () => {
    const { rig } = stage;
    keepFor(rig, '1h');
    const readers = Array.from({ length: READERS }, (_, index) =>
      makeReader(stage, `${store}-reader-${index}`),
    );
    const published = new Set<string>();
    let sequence = 0;
    const write = async () => {
      sequence++;
      const state = JSON.stringify(await change(rig, sequence));
      const isKilled = randomInt(3) === 0 && sequence > 1;
      // What is cut off may have been published, or not.
      published.add(state);
      const writer = isKilled ? rig.withHost(new Mortality(randomInt(1, 30)).wrap(rig.host)) : rig;
      const failed = await syncOnce(writer, sequence, 2);
      if (!isKilled) expect(failed).toBeUndefined();
    };
    await write();
    let reads = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        write(),
        ...readers.map(async (reader) => {
          await sleep(randomInt(400));
          const { driver, volume } = rig;
          const request = { relationship: 'reader', syncId: 'reader-1', method: 'Snapshot' as const };
          const isKilled = randomInt(5) === 0;
          const host = isKilled ? new Mortality(randomInt(1, 25)).wrap(reader) : reader;
          const mortal: Host = { ...host, ...(reader.credentials && { credentials: reader.credentials }) };
          const captured = await driver.capture(mortal, volume, request).catch((error: unknown) => {
            if (!isKilled) throw error;
          });
          if (!captured) return;
          reads++;
          expect(published).toContain(JSON.stringify(await describeTree(captured.path)));
        }),
      ]);
    }
    expect(reads).toBeGreaterThan(ROUNDS);
  });
});

function makeReader({ folder }: BucketStage, name: string): Host {
  return {
    ...makeLocalHost({ name, home: join(folder, name) }),
    credentials: makeCredentials(name, join(folder, 'credentials')),
  };
}
