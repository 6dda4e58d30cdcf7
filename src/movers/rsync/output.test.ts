import fc from 'fast-check';
import { makeLineReader, parseItem, parseProgress } from './output';

describe('makeLineReader', () => {
  it('finds the same lines however the stream is cut', () => {
    const text = '.d..t......\n<f+++++++++ é\r     32,768   0%\r\n\nlast';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length + 2)), (cuts) => {
        const bytes = Buffer.from(text);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const lines: string[] = [];
        const reader = makeLineReader((line) => lines.push(line));
        edges.slice(1).forEach((end, index) => reader.push(bytes.subarray(edges[index], end)));
        reader.end();
        expect(lines).toEqual(['.d..t......', '<f+++++++++ é', '     32,768   0%', 'last']);
      }),
    );
  });
});

describe('parseItem', () => {
  it.each([
    ['<f+++++++++', '<f+++++++++', ''],
    ['.d..t......', '.d..t......', ''],
    ['hf          h2', 'hf         ', 'h2'],
    ['*deleting  ', '*deleting  ', ''],
    ['*deleting   a/b', '*deleting  ', 'a/b'],
    ['cLc........  leading space', 'cLc........', ' leading space'],
    ['.f....o..ax <f+++++++++', '.f....o..ax', '<f+++++++++'],
  ])('reads %j', (line, code, name) => {
    expect(parseItem(line)).toEqual({ code, name });
  });

  it.each([
    'created directory /srv/wiki',
    'cannot delete non-empty directory: a',
    'skipping non-regular file "<f+++++++++"',
    'Number of files: 2,007 (reg: 2,003)',
    'deleting in .',
    '',
  ])('takes no message for an item: %j', (line) => {
    expect(parseItem(line)).toBeUndefined();
  });
});

describe('parseProgress', () => {
  it('reads a line inside a file', () => {
    expect(parseProgress('      300000000  98%  326.94MB/s    0:00:00  ')).toEqual({
      bytes: 300_000_000,
    });
  });

  it('reads a line at the end of a file, with totals that grow and then stand', () => {
    const line = '              0   0%    0.00kB/s    0:00:00 (xfr#1, ir-chk=2005/2007)';
    const files = { checked: 2, total: 2007, totalIsFinal: false };
    expect(parseProgress(line)).toEqual({ bytes: 0, files });
    expect(parseProgress(line.replace('ir-', 'to-'))?.files?.totalIsFinal).toBe(true);
  });

  it('takes nothing else for progress', () => {
    expect(parseProgress('total size is 304002001  speedup is 1.00')).toBeUndefined();
    expect(parseProgress('<f+++++++++')).toBeUndefined();
  });
});
