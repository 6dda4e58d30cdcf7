import { Taken } from './taken';

const item = (name: string) => JSON.stringify({ message_type: 'verbose_status', action: 'new', item: name });
const summary = (files: number, dirs: number) =>
  JSON.stringify({
    ...{ message_type: 'summary', files_new: files, files_changed: 0, files_unmodified: 0 },
    ...{ dirs_new: dirs, dirs_changed: 0, dirs_unmodified: 0, data_added: 0, total_files_processed: files },
    ...{ total_bytes_processed: 0, snapshot_id: 'x' },
  });

function read(...lines: string[]): Taken {
  const taken = new Taken();
  for (const line of lines) taken.readLine(Buffer.from(line).toString('latin1'));
  return taken;
}

const latin1 = (...bytes: number[]) => Buffer.from(bytes).toString('latin1');

it('knows files and folders by their paths', () => {
  const taken = read(item('/Grüße'), item('/deep/'), summary(1, 1));
  expect(taken.has(Buffer.from('Grüße').toString('latin1'))).toBe(true);
  expect(taken.has('deep')).toBe(true);
  expect(taken.has('other')).toBe(false);
});

it('takes names for taken that restic can not tell from one that is', () => {
  const taken = read(item('/a\uFFFD\uFFFDb'), summary(1, 0));
  expect(taken.has(latin1(0x61, 0xff, 0xfe, 0x62))).toBe(true);
  expect(taken.has(latin1(0x61, 0xe2, 0x82, 0x62))).toBe(true);
  expect(taken.has('ab')).toBe(false);
});

it('is whole only where each entry that restic counted was told of', () => {
  expect(read(item('/a'), item('/b/'), summary(1, 1)).isWhole()).toBe(true);
  expect(read(item('/a'), summary(1, 1)).isWhole()).toBe(false);
  expect(read(item('/a')).isWhole()).toBe(false);
});
