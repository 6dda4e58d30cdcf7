/** A backup is a recovery point or none, at whichever step the agent that makes it is killed, and the next sync goes on. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetLooks } from '../../src/volumes/repository/looks';
import { repositoryAt } from '../../src/volumes/repository/restic';
import { Mortality } from '../support/hosts/mortal-host';
import type { StoreRig } from '../support/rigs/store-rig';
import { PASSWORD, useRepositories } from '../support/rigs/repository-rig';
import { sample } from '../support/sample';
import { restic } from '../support/stores/restic';
import { describeTree } from '../support/trees/compare-trees';

/** Commands of a sync and its retention, and what it writes down; some of the last are not reached each time. */
const STEPS = Array.from({ length: 8 }, (_, index) => index + 1);

const stage = useRepositories();

/** One sync with its retention; answers what it failed with. */
async function syncOnce(rig: StoreRig, sequence: number, keep: number): Promise<unknown> {
  // Who was killed remembers nothing.
  forgetLooks(repositoryAt(rig.host, rig.volume));
  try {
    await rig.sync(sequence);
    const points = await rig.points();
    await rig.prune(points.slice(0, -keep));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Every point that there is equals the state that it was made of. */
async function expectWhole(rig: StoreRig, states: ReadonlyMap<string, string[]>): Promise<void> {
  for (const id of await rig.points())
    await rig.withTree(id, async (path) => expect(await describeTree(path)).toEqual(states.get(id)));
}

const idOf = (sequence: number) => `point-${String(sequence).padStart(6, '0')}`;

it('loses no point, and keeps none that is not whole', async () => {
  const { rig } = stage;
  const states = new Map<string, string[]>();
  let sequence = 0;
  const change = async () => {
    sequence++;
    await writeFile(join(rig.source, 'page'), String(sequence));
    await writeFile(join(rig.source, `big-${sequence % 3}`), randomBytes(2 ** 20));
    states.set(idOf(sequence), await describeTree(rig.source));
  };
  await change();
  expect(await syncOnce(rig, sequence, 3)).toBeUndefined();
  let killed = 0;
  for (const step of sample(STEPS, 4)) {
    await change();
    const failed = await syncOnce(rig.withHost(new Mortality(step).wrap(rig.host)), sequence, 3);
    if (failed !== undefined) expect(failed).toMatchObject({ message: 'killed' });
    if (failed !== undefined) killed++;
    const before = await rig.points();
    await change();
    expect(await syncOnce(rig, sequence, 3)).toBeUndefined();
    expect(await rig.points()).toEqual([...before, idOf(sequence)].slice(-3));
  }
  expect(killed).toBeGreaterThan(0);
  await expectWhole(rig, states);
  await restic(rig.volume.path, PASSWORD, 'check', '--read-data');
});
