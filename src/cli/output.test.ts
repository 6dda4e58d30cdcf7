import { findFormat, render } from './output';
import { formatFields, formatTable, oneLine, printable, wantsColor } from '../client/text';

describe('tables', () => {
  it('line up, whatever stands in them', () => {
    const text = formatTable(
      ['NAME', 'SIZE'],
      [
        ['a', '1 B'],
        ['ein größerer Name', '20 MiB'],
        ['日本', '3 B'],
      ],
    );
    const lines = text.split('\n');
    expect(lines[1]).toBe(`a${' '.repeat(18)}1 B`);
    expect(lines[2]).toBe('ein größerer Name  20 MiB');
    expect(lines[3]).toBe(`日本${' '.repeat(15)}3 B`);
  });

  it('have one line a row, even where a name holds a line end', () => {
    expect(formatTable([], [['a\nb', 'c']])).toBe(String.raw`a\nb  c`);
  });

  it('leave out fields that are not there', () => {
    expect(
      formatFields(
        [
          ['Name', 'wiki'],
          ['Retry at', undefined],
        ],
        '  ',
      ),
    ).toBe('  Name  wiki');
  });
});

describe('text of users and tools', () => {
  it('can not move the cursor or change colours', () => {
    expect(printable('\x1b[31mred\x07')).toBe(String.raw`\x1b[31mred\x07`);
    expect(printable('\u009b31m')).toBe(String.raw`\x9b31m`);
  });

  it('stays in its line', () => {
    expect(oneLine('a\nb\tc')).toBe(String.raw`a\nb c`);
  });
});

describe('the format', () => {
  it.each([
    [['get', '-o', 'json'], 'json'],
    [['get', '--output=yaml'], 'yaml'],
    [['get', '-ojson'], 'json'],
    [['get', '-o', 'xml'], 'table'],
    [['get'], 'table'],
  ])('is found in %j even where the rest is wrong', (argv, format) => {
    expect(findFormat(argv)).toBe(format);
  });

  it('gives the same data as JSON and YAML', () => {
    const value = { name: 'wiki', targets: [{ lagSeconds: null }] };
    expect(JSON.parse(render(value, 'json', () => ''))).toEqual(value);
    expect(render(value, 'yaml', () => '')).toBe('name: wiki\ntargets:\n  - lagSeconds: null');
  });
});

test('colours are for terminals alone, and not where NO_COLOR is set', () => {
  expect(wantsColor({ isTTY: true }, {})).toBe(true);
  expect(wantsColor({}, { CI: 'true' })).toBe(false);
  expect(wantsColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
});
