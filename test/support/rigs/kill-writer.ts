/** A store's writer is killed at one step after another, and goes on each time: what every store that keeps points promises. */
import { Mortality } from '../hosts/mortal-host';
import { sample } from '../sample';
import { describeTree } from '../trees/compare-trees';
import type { StoreRig } from './store-rig';

/** So many points are kept. */
const KEPT = 3;

export const idOf = (sequence: number): string => `point-${String(sequence).padStart(6, '0')}`;

/** One sync with its retention; answers what it failed with. */
export async function syncOnce(rig: StoreRig, sequence: number, keep = KEPT): Promise<unknown> {
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

interface Killing {
  /** The most commands of a sync and its retention, and changes that it notes; some of the last are not reached each time. */
  steps: number;
  /** Changes the source, and tells what it looks like by then. */
  change: (sequence: number) => Promise<string[]>;
  /** Who was killed remembers nothing. */
  forget?: () => void;
}

/** No point is lost, none is there that is not whole, and the next sync makes one more. */
export async function killWriter(
  rig: StoreRig,
  { steps, change, forget = () => undefined }: Killing,
): Promise<void> {
  const states = new Map<string, string[]>();
  let sequence = 0;
  const sync = async (by: StoreRig) => {
    states.set(idOf(++sequence), await change(sequence));
    forget();
    return await syncOnce(by, sequence);
  };
  expect(await sync(rig)).toBeUndefined();
  let killed = 0;
  const all = Array.from({ length: steps }, (_, index) => index + 1);
  for (const step of sample(all, 4)) {
    const failed = await sync(rig.withHost(new Mortality(step).wrap(rig.host)));
    if (failed !== undefined) expect(failed).toMatchObject({ message: 'killed' });
    if (failed !== undefined) killed++;
    forget();
    const before = await rig.points();
    await expectWhole(rig, states);
    expect(await sync(rig)).toBeUndefined();
    expect(await rig.points()).toEqual([...before, idOf(sequence)].slice(-KEPT));
  }
  expect(killed).toBeGreaterThan(0);
  await expectWhole(rig, states);
}
