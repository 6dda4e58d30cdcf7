import { makeLocalHost } from '../../hosts/local';
import type { Landings } from '../../landings/contract';
import type { Volume } from '../../model/records';
import type { LandingPlace, Mover, TransferId } from '../../movers/contract';
import { type Reach, reachHere } from '../../movers/reach';
import type { VolumeDriver } from '../../volumes/contract';
import { makeVolumes } from '../../volumes/registry';
import { Doors } from './doors';

const host = makeLocalHost({ name: 'beta', home: '/nowhere' });
const volume: Volume = { kind: 'directory', path: '/srv/wiki' };
const idOf = (sequence: number): TransferId => ({
  relationship: 'wiki',
  target: 'beta',
  syncId: `wiki-${sequence}`,
});

/** What was done, in order. */
let done: string[];
const landings = (name: string) => ({ name }) as unknown as Landings;
const own = landings('of the agent');

function makeDoors(): Doors {
  const driver = {
    leave: (_host: unknown, _volume: unknown, { syncId = 'any' }: Partial<TransferId>) => {
      done.push(`leave ${syncId}`);
      return Promise.resolve();
    },
  } as unknown as VolumeDriver;
  return new Doors({ host, landings: own, volumes: { ...makeVolumes(host), driverFor: () => driver } });
}

const opener = (name: string) => (): Promise<Reach> => {
  done.push(`open ${name}`);
  return Promise.resolve({
    ...reachHere(host, volume.path),
    landings: landings(name),
    close: () => {
      done.push(`close ${name}`);
      return Promise.resolve();
    },
  });
};

const nameOf = (given: Landings) => (given as unknown as { name: string }).name;
const mover = {
  close: (_host: unknown, place: LandingPlace) => {
    done.push(`close the landing ${nameOf(place.landings)}`);
    return Promise.resolve();
  },
} as unknown as Mover;

beforeEach(() => (done = []));

it('keeps a way open until its landing is closed, and closes that where it is', async () => {
  const doors = makeDoors();
  const opened = await doors.openFor(idOf(1), opener('one'), (_reach, given) =>
    Promise.resolve(nameOf(given)),
  );
  expect(opened).toBe('one');
  expect(done).toEqual(['open one']);
  await doors.close(idOf(1), [mover], [volume]);
  expect(done).toEqual(['open one', 'close the landing one', 'close one', 'leave wiki-1']);
});

it('lets go of a way whose landing could not be opened', async () => {
  const failing = makeDoors().openFor(idOf(1), opener('one'), () => Promise.reject(new Error('no room')));
  await expect(failing).rejects.toThrow('no room');
  expect(done).toEqual(['open one', 'close one']);
});

it('closes what an attempt before, or an earlier sync, has open before it opens anew', async () => {
  const doors = makeDoors();
  for (const [sequence, name] of [
    [1, 'one'],
    [1, 'again'],
    [2, 'next'],
  ] as const)
    await doors.openFor(idOf(sequence), opener(name), () => Promise.resolve());
  expect(done).toEqual(['open one', 'close one', 'open again', 'close again', 'open next']);
});

it('leaves a later sync alone where an earlier one is closed late, and ends what a killed agent left', async () => {
  const doors = makeDoors();
  await doors.openFor(idOf(2), opener('next'), () => Promise.resolve());
  await doors.close(idOf(1), [mover], [volume]);
  expect(done).toEqual(['open next', 'close the landing of the agent', 'leave wiki-1']);
});

it('ends all that a relationship has open, whichever sync it was for', async () => {
  const doors = makeDoors();
  await doors.openFor(idOf(2), opener('next'), () => Promise.resolve());
  await doors.closeAll({ relationship: 'wiki', target: 'beta' }, [], [volume]);
  expect(done).toEqual(['open next', 'close next', 'leave any']);
});
