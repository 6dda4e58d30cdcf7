import fc from 'fast-check';
import { parseLook, planSamples } from './look';

test('what is there is told with its length, as the kernel has it', () => {
  const file =
    'path=/srv/a b.img\nkind=file\nbytes=1048576\nblocks=16\nunit=512\ninode=42\nmtime=1.000000002\nctime=3.0\n';
  expect(parseLook(file)).toEqual({
    ...{ kind: 'file', path: '/srv/a b.img', bytes: 1_048_576, allocatedBytes: 8192 },
    ...{ inode: '42', mtime: '1.000000002', ctime: '3.0' },
  });
  expect(parseLook('path=/dev/sdb\nkind=device\nnumber=8:16\nsectors=4096\nro=1\n')).toEqual({
    ...{ kind: 'device', path: '/dev/sdb', number: '8:16', bytes: 4096 * 512, isReadOnly: true },
  });
  expect(parseLook('path=/srv/none\nkind=missing\n')).toEqual({ kind: 'missing', path: '/srv/none' });
  expect(parseLook('path=/srv\nkind=other\n')).toEqual({ kind: 'other', path: '/srv' });
});

test('a length that is not told is no length', () => {
  expect(() => parseLook('path=/dev/sdb\nkind=device\nnumber=8:16\nsectors=\nro=0\n')).toThrow('sectors');
});

test('the first and the last MiB are looked at, some of the rest, and nothing beyond the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
      const samples = planSamples(bytes);
      const units = Math.ceil(bytes / 65_536);
      expect(samples[0]?.[0]).toBe(0);
      expect(samples.some(([from, count]) => from + count === units)).toBe(true);
      for (const [from, count] of samples) expect(from + count).toBeLessThanOrEqual(units);
    }),
  );
});
