import { judgeTrigger } from './copy-trigger';

const at = (name: string) => `volsync.backube/${name}`;
const USED = { [at('use-copy-trigger')]: '' };

test('a claim that asks for nothing is copied at any time', () => {
  expect(judgeTrigger(undefined)).toBe('copy');
  expect(judgeTrigger({ [at('copy-trigger')]: '1' })).toBe('copy');
});

test('one that says when is copied once for each new value', () => {
  expect(judgeTrigger(USED)).toBe('wait');
  expect(judgeTrigger({ ...USED, [at('copy-trigger')]: '1' })).toEqual({ answer: '1' });
  const answered = { ...USED, [at('copy-trigger')]: '1', [at('latest-copy-trigger')]: '1' };
  expect(judgeTrigger({ ...answered, [at('latest-copy-status')]: 'Completed' })).toBe('wait');
});

test('an attempt that was cut off does not wait again', () => {
  const begun = { ...USED, [at('copy-trigger')]: '1', [at('latest-copy-trigger')]: '1' };
  expect(judgeTrigger({ ...begun, [at('latest-copy-status')]: 'InProgress' })).toBe('go-on');
});
