import { parseIdentity } from './identity';

test('a device that grows is the same one, unless its length is all there is to tell it by', () => {
  const volume = (sectors: number) => parseIdentity(`dm/uuid=LVM-abc\nsectors=${sectors}\n`);
  expect(volume(8)).toBe(volume(16));
  const nameless = (sectors: number) => parseIdentity(`sectors=${sectors}\n`);
  expect(nameless(8)).not.toBe(nameless(16));
});

test('a partition is told by where it is on which disk', () => {
  const partition = (serial: string, start: number) =>
    parseIdentity(`partition=1\nstart=${start}\ndisk/serial=${serial}\nsectors=8\n`);
  expect(partition('one', 2048)).toBe(partition('one', 2048));
  expect(partition('one', 2048)).not.toBe(partition('two', 2048));
  expect(partition('one', 2048)).not.toBe(partition('one', 4096));
});
