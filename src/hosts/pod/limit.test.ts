import { makeLimit } from './limit';

it('lets so many act at once, the others in their order, whether those before them fail or not', async () => {
  const limit = makeLimit(2);
  const begun: number[] = [];
  let acting = 0;
  let most = 0;
  const act = (index: number) => async () => {
    begun.push(index);
    most = Math.max(most, ++acting);
    await new Promise((done) => setTimeout(done, 1));
    acting--;
    if (index % 3 === 0) throw new Error(`${index} failed`);
    return index;
  };
  const done = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => limit(act(index))));
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(2);
  expect(done.map(({ status }) => status === 'rejected')).toEqual(begun.map((index) => index % 3 === 0));
});
