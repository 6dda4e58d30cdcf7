import { makeIdentityStream } from './identity-stream';

test('is what btrfs receive takes: a snapshot of a subvolume, from a state of that identity, and the end', () => {
  const stream = makeIdentityStream({
    name: 'made',
    identity: '014a3eb4-0058-0a47-8410-1e1a2c6439e5',
    of: 'a08442a2-5e64-e348-897b-700cf8b8a1cb',
  });
  expect(stream.subarray(0, 17).toString('hex')).toBe(
    Buffer.from('btrfs-stream\0\x01\0\0\0').toString('hex'),
  );
  const attributes = [
    '0f000400' + Buffer.from('made').toString('hex'),
    '01001000014a3eb400580a4784101e1a2c6439e5',
    '020008000100000000000000',
    '14001000a08442a25e64e348897b700cf8b8a1cb',
    '150008000100000000000000',
  ].join('');
  expect(stream.readUInt32LE(17)).toBe(attributes.length / 2);
  expect(stream.subarray(27, 27 + attributes.length / 2).toString('hex')).toBe(attributes);
  // As btrfs-progs writes the end of every stream.
  expect(stream.subarray(-10).toString('hex')).toBe('000000001500506cc99d');
});
