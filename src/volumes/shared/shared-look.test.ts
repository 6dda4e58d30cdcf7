import { setImmediate as turn } from 'node:timers/promises';
import type { Host } from '../../hosts/contract';
import { shareLook } from './shared-look';

const host = {} as Host;

/** A look that answers how often anybody has looked. */
function count() {
  let looks = 0;
  return { look: () => Promise.resolve(++looks), total: () => looks };
}

it('looks once for all who ask at the same moment, by host and by what they ask for', async () => {
  const [share, { look }] = [shareLook<number>(), count()];
  expect(await Promise.all([share(host, 'a', look), share(host, 'a', look)])).toEqual([1, 1]);
  const others = [share(host, 'a', look), share(host, 'b', look), share({} as Host, 'a', look)];
  expect(new Set(await Promise.all(others)).size).toBe(3);
});

it('never answers with what was seen before somebody asked', async () => {
  const share = shareLook<number>();
  let stored = 0;
  const look = async () => {
    const seen = stored;
    await turn();
    await turn();
    return seen;
  };
  const early = share(host, 'a', look);
  await turn();
  stored = 1;
  expect(await share(host, 'a', look)).toBe(1);
  expect(await early).toBe(0);
});

it('fails for all who asked, and looks anew for the next', async () => {
  const [share, { look }] = [shareLook<number>(), count()];
  const fail = () => Promise.reject(new Error('away'));
  const failed = await Promise.allSettled([share(host, 'a', fail), share(host, 'a', fail)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await share(host, 'a', look)).toBe(1);
});
