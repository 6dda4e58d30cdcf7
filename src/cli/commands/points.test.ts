import type { PointEntry } from '../../catalog/contract';
import { formatPoints } from './points';

function point(id: string, keptBecause: string[]): PointEntry {
  return {
    id,
    target: 'beta',
    syncId: 'wiki-000042',
    capturedAt: '2026-11-21T08:02:10.000Z',
    publishedAt: '2026-11-21T08:02:11.000Z',
    verified: null,
    keptBecause,
    bytes: 2048,
    files: 7,
    method: 'HardLink',
    identity: id,
    leftOut: [],
  };
}

const NEWEST = point('20261121T080210Z-000042', ['newest', 'last 1']);
const DIVERGED = point('20261121T080209Z-000041-diverged', ['diverged']);

describe('formatPoints', () => {
  it('marks what an old primary alone had, in its own column', () => {
    const [head, first, second] = formatPoints([NEWEST, DIVERGED], false).split('\n');
    expect(head).toMatch(/VERIFIED +MARK$/);
    expect(first).toMatch(/–$/);
    expect(second).toMatch(/^20261121T080209Z-000041-diverged .* diverged$/);
    expect(second?.lastIndexOf('diverged')).toBe(head?.indexOf('MARK'));
  });

  it('says of an only copy that a sync broke off in that it may not be whole, whether or not the reasons are shown', () => {
    const torn = { ...NEWEST, torn: true };
    for (const explain of [true, false]) {
      const lines = formatPoints([torn], explain).split('\n');
      expect(lines[0]).toMatch(/MARK$/);
      expect(lines[1]).toMatch(/NOT WHOLE\?$/);
      expect(lines[2]).toContain('a sync of beta broke off');
    }
    expect(formatPoints([{ ...NEWEST, torn: false }], false)).not.toContain('WHOLE');
  });

  it('has no such column where nothing has diverged, or the reasons say it', () => {
    expect(formatPoints([NEWEST], false)).not.toContain('MARK');
    const explained = formatPoints([NEWEST, DIVERGED], true);
    expect(explained).not.toContain('MARK');
    expect(explained).toMatch(/newest, last 1\n.* diverged$/);
  });
});
