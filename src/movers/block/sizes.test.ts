import { checkFits, knowsDevices, parseVersion } from './sizes';

test.each([
  ['rsync  version 3.5.0  protocol version 32', true],
  ['rsync  version v3.2.4  protocol version 31', true],
  ['rsync  version 3.10.0  protocol version 32', true],
  ['rsync  version 3.2.3  protocol version 31', false],
  ['rsync  version 3.1.3  protocol version 31', false],
  ['openrsync: protocol version 29', false],
])('%s: can copy devices: %s', (output, expected) => {
  expect(knowsDevices(parseVersion(output))).toBe(expected);
});

test('a device takes what is not longer than it is; a file anything', () => {
  expect(() => checkFits(11, { kind: 'device', bytes: 10 }, {})).toThrow(/\(10 bytes\).*\(11 bytes\)/);
  expect(() => checkFits(10, { kind: 'device', bytes: 10 }, {})).not.toThrow();
  expect(() => checkFits(11, { kind: 'file', bytes: 0 }, {})).not.toThrow();
});
