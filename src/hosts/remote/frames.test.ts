import fc from 'fast-check';
import { type Frame, makeFrameReader } from './frames';

const NONCE = '0123456789abcdef';
const frame = (text: string) => Buffer.from(`\x1d${NONCE}:${text}\n`);

function read(chunks: readonly Buffer[]) {
  const frames: Frame[] = [];
  const data: Buffer[] = [];
  const reader = makeFrameReader(NONCE, {
    onData: (chunk) => void data.push(Buffer.from(chunk)),
    onFrame: (each) => void frames.push(each),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, data: Buffer.concat(data), noise: reader.noise };
}

it('tells output from what stands before and after it, however it is cut into pieces', () => {
  // Bytes of which the frames are made, too.
  const bytes = fc.uint8Array({ max: 255, maxLength: 40 }).map((array) => Buffer.from(array));
  const alike = fc.constantFrom(
    Buffer.from('\x1d'),
    Buffer.from(`\x1d${NONCE.slice(0, 7)}`),
    Buffer.from('\n:'),
  );
  const output = fc.array(fc.oneof(bytes, alike), { maxLength: 6 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(output, fc.array(fc.nat(200), { maxLength: 12 }), (wanted, cuts) => {
      const all = Buffer.concat([
        Buffer.from('motd\n'),
        frame('begin:77'),
        wanted,
        frame('end:3'),
        Buffer.from('late'),
      ]);
      const edges = [0, ...cuts.map((cut) => cut % all.length).sort((a, b) => a - b), all.length];
      const chunks = edges.slice(1).map((edge, index) => all.subarray(edges[index], edge));
      const { frames, data, noise } = read(chunks);
      expect(data.equals(wanted)).toBe(true);
      expect(frames).toEqual([
        { word: 'begin', value: 77 },
        { word: 'end', value: 3 },
      ]);
      expect(noise).toBe('motd\n');
    }),
  );
});

it('passes output on at once, where it can not be the beginning of a frame', () => {
  expect(read([frame('begin:1'), Buffer.from('prompt')]).data.toString()).toBe('prompt');
});

it('takes the words of another program for output', () => {
  const other = Buffer.from('\x1dfedcba9876543210:end:0\n');
  expect(read([frame('begin:1'), other]).data.equals(other)).toBe(true);
});
