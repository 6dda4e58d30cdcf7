import { parseServerCommand } from '../rsync/server-command';
import { completeServerCommand } from './server-command';

/** As rsync 3.5.0 prints it, between two image files. */
const FILE = parseServerCommand(
  'opening connection using: ssh tidemark-landing rsync --server -ogtpIe.LsfxCIvu "--log-format=%i" -B131072 --timeout=1800 --bwlimit=51200 --compress-choice=zstd --numeric-ids --info=STATS2 --inplace . /landing/  (15 args)',
);
const DEVICE = parseServerCommand(
  'opening connection using: ssh tidemark-landing rsync --server -Ie.LsfxCIvu "--log-format=%i" -B131072 --timeout=1800 --info=STATS2 --inplace --write-devices . /landing/  (13 args)',
);

const file = { kind: 'file', path: '/srv/db.img', isBlank: false } as const;
const device = { kind: 'device', path: '/dev/sdb', isBlank: false } as const;

test('a file keeps its holes and is not emptied first; a device is written to as one', () => {
  const command = completeServerCommand(FILE, file);
  expect(command.slice(0, 3)).toEqual(['rsync', '--server', '-SogtpIe.LsfxCIvu']);
  expect(command.slice(-3)).toEqual(['--no-W', '.', '/srv/db.img']);
  expect(completeServerCommand(DEVICE, device)).toEqual([
    ...['rsync', '--server', '-Ie.LsfxCIvu', '--log-format=%i', '-B131072', '--timeout=1800'],
    ...['--info=STATS2', '--inplace', '--write-devices', '--no-W', '.', '/dev/sdb'],
  ]);
});

test('where there are but zeros, nothing is compared', () => {
  const fresh = completeServerCommand(FILE, { ...file, isBlank: true });
  expect(fresh[2]).toBe('-WSogtpIe.LsfxCIvu');
  expect(fresh).not.toContain('--no-W');
});

test('the source alone paces the transfer', () => {
  expect(FILE).toContain('--bwlimit=51200');
  expect(completeServerCommand(FILE, file).join(' ')).not.toContain('bwlimit');
});

test.each([
  ['another program', ['sh', ...FILE.slice(1)], file],
  ['another path', [...FILE.slice(0, -1), '/etc/'], file],
  ['a sender', FILE.with(1, '--sender'), file],
  ['an option of its own', ['rsync', '--server', '-Ie.x', '--delete', '--inplace', '.', '/landing/'], file],
  ['an option twice', [...FILE.slice(0, 3), '--inplace', ...FILE.slice(3)], file],
  ['letters of its own', FILE.with(2, '-rIe.x'), file],
  ['owners for a device', DEVICE.with(2, '-ogtpIe.x'), device],
  ['a command for files, for a device', FILE, device],
  ['a command for devices, for a file', DEVICE, file],
  ['not in place', FILE.filter((word) => word !== '--inplace'), file],
  ['blocks of another size', FILE.map((word) => word.replace('131072', '700')), file],
  ['nothing', [], file],
] as const)('%s is refused', (_, offered, target) => {
  expect(() => completeServerCommand(offered, target)).toThrow('never runs');
});
