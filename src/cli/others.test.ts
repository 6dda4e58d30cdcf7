import type { OthersAnswer, ToldState } from '../model/others';
import { formatOthers } from './others';

const NIGHTLY: ToldState = {
  ...{ name: 'restic:1a2b3c4d', capturedAt: '2026-11-21T08:02:10.000Z', from: 'laptop' },
  ...{ paths: ['/home/ann/documents/of/the/year/before/last'], tags: ['nightly', 'keep'] },
  ...{ bytes: 3 * 2 ** 30, files: 7 },
};
const OLD: ToldState = {
  ...{ name: 'restic:5e6f7a8b', capturedAt: '2026-11-20T08:02:10.000Z', from: 'nas' },
  ...{ paths: ['/etc', '/srv'], morePaths: 3, tags: [] },
};

const answer = (states: ToldState[], more: Partial<OthersAnswer> = {}): OthersAnswer => ({
  ...{ relationship: 'wiki', target: 'repository', host: 'beta' },
  ...{ states, total: states.length, older: 0, ...more },
});

describe('formatOthers', () => {
  it('fits into 80 columns, and says of each when, where and of what it is', () => {
    const lines = formatOthers(answer([NIGHTLY, OLD]), 80).split('\n');
    const table = lines.slice(0, -1);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table[1]).toMatch(/^restic:1a2b3c4d {2}2026-11-21 .* 3.00 GiB {2}laptop:\/hom.*…/);
    expect(table[2]?.trim()).toBe('[nightly, keep]');
    expect(table[3]).toMatch(/ – +nas:\/etc$/);
    expect(table.slice(4).map((line) => line.trim())).toEqual(['/srv', 'and 3 more']);
  });

  it('keeps paths whole where no terminal is', () => {
    expect(formatOthers(answer([NIGHTLY]), undefined)).toContain(`laptop:${NIGHTLY.paths[0] ?? ''}\n`);
  });

  it('says how the next ones are listed, and how one is brought back', () => {
    const text = formatOthers(answer([NIGHTLY, OLD], { total: 10_000, older: 9_998 }), 80);
    expect(text).toContain(
      'and 9998 older: tidemark points wiki --target repository --others --before 2026-11-20T08:02:10.000Z',
    );
    expect(text).toContain(
      'tidemark restore wiki --target repository --point restic:1a2b3c4d --to HOST:/path',
    );
    expect(formatOthers(answer([NIGHTLY]), 80)).not.toContain('older');
  });

  it('says who has looked where there is nothing', () => {
    expect(formatOthers(answer([]))).toBe('others keep nothing in repository, as beta sees it');
    expect(formatOthers(answer([], { total: 7 }))).toContain('7 in all');
  });
});
