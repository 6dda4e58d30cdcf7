import fc from 'fast-check';
import { parseFeatures } from '../features';
import { makeRead, makeReceive, makeSend } from './commands';
import { openedTo, readFound } from './found';
import { parseParts, parseProperties } from './offer';
import { readCopied, readEstimate, readStreamIdentity } from './output';

const PLAIN = parseFeatures('', '');
const NOT = { intermediates: false, raw: false };

it('sends from a base, with what is in between only where that is wanted, and never from a bookmark', () => {
  const snapshot = 'tank/wiki@2';
  expect(makeSend([{ snapshot }], NOT)).toEqual(['zfs', 'send', snapshot]);
  expect(makeSend([{ snapshot, base: 'tank/wiki@1' }], NOT)).toEqual([
    'zfs',
    'send',
    '-i',
    'tank/wiki@1',
    snapshot,
  ]);
  const all = { intermediates: true, raw: true };
  expect(makeSend([{ snapshot, base: 'tank/wiki@1' }], all)).toEqual([
    'zfs',
    'send',
    '-w',
    '-I',
    'tank/wiki@1',
    snapshot,
  ]);
  expect(makeSend([{ snapshot, base: 'tank/wiki#1' }], all)).toEqual([
    'zfs',
    'send',
    '-w',
    '-i',
    'tank/wiki#1',
    snapshot,
  ]);
});

it('never forces a target, whatever its ZFS can do', () => {
  const able = parseFeatures(
    'send [-nvPe] -t <token>\nreceive [-vMnsFhu] <filesystem>\nsend [-DLPbcehnpsVvw]',
    '',
  );
  for (const features of [PLAIN, able])
    for (const datasets of [['tank/wiki'], ['tank/wiki', 'tank/wiki/mail']])
      expect(makeReceive(datasets, features).join(' ')).not.toMatch(/ -\w*F/);
  expect(makeReceive(['tank/wiki'], able)).toEqual(['zfs', 'receive', '-u', '-s', 'tank/wiki']);
});

it('hands every name over as an argument, and none to a shell as text', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (names) => {
      const texts = [
        makeReceive(names, PLAIN),
        makeRead(names),
        makeSend(
          names.map((snapshot) => ({ snapshot })),
          NOT,
        ),
      ]
        .filter(([program]) => program === 'sh')
        .map((argv) => argv[2]);
      const plain = ['a', 'b'];
      const known = [
        makeReceive(plain, PLAIN),
        makeRead(plain),
        makeSend(
          plain.map((snapshot) => ({ snapshot })),
          NOT,
        ),
      ].map((argv) => argv[2]);
      expect(texts.every((text) => known.includes(text))).toBe(true);
    }),
  );
});

it('takes nothing from a source but names below the dataset, and properties that are safe to carry', () => {
  const parts = [
    { part: '', guids: [] },
    { part: '/mail in', guids: ['1'] },
  ];
  expect(parseParts({ parts })).toEqual(parts);
  const bad = ['@x', '/a b;rm', 'mail', '/../x y', '/.tidemark/x', '/a\n'].map((part) => [
    { part, guids: [] },
  ]);
  for (const wrong of [...bad, [{ part: '', guids: ['-o'] }], [], {}, 'no'])
    expect(() => parseParts({ parts: wrong })).toThrow('what this mover never tells: parts');
  const properties = {
    '': {
      ...{ compression: 'gzip', mountpoint: '/etc', readonly: 'off', 'tidemark:claims': '{}', '-o x': 'y' },
      ...{ 'com.sun:auto-snapshot': 'true', 'com.sun:auto-snapshot:daily': 'true', 'syncoid:sync': 'true' },
    },
  };
  expect(parseProperties({ properties })).toEqual({
    '': { compression: 'gzip' },
  });
});

it('resumes what was cut off where the storage can, and goes as planned where not', () => {
  const landing = { id: 'l', address: '192.0.2.7', port: 22, user: 'root', hostKeys: [], expiresAt: '' };
  const resumed = openedTo(landing, { resumeToken: '1-abc' });
  expect(resumed.goesBy).toBe('resume');
  expect(readFound(resumed.told).resumeToken).toBe('1-abc');
  expect(openedTo(landing, {}).goesBy).toBeUndefined();
});

it('reads counts, estimates and the identity in a stream', () => {
  expect(
    readCopied(
      '1048576 bytes (1.0 MB, 1.0 MiB) copied, 1 s, 1 MB/s\r2097152 bytes (2.1 MB, 2.0 MiB) copied, 2 s',
    ),
  ).toBe(2_097_152);
  expect(readCopied('nothing')).toBeUndefined();
  expect(readEstimate('incremental\t1\ttank/wiki@2\t624\nsize\t624\n')).toBe(624);
  const head = Buffer.alloc(48);
  expect(readStreamIdentity(head)).toBeUndefined();
  head.writeBigUInt64LE(0x2f5bacbacn, 8);
  head.writeBigUInt64LE(3228287283283510982n, 40);
  expect(readStreamIdentity(head)).toBe('3228287283283510982');
});
