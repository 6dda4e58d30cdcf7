import type { Price } from '../../model/price';
import { formatFailover, formatPrice, requestAt } from './failover';

const PRICE: Price = {
  relationship: 'wiki',
  target: 'beta',
  host: 'beta',
  volume: '/srv/wiki',
  point: { id: '20261121T080210Z-000042', capturedAt: '2026-11-21T08:02:10.000Z', bytes: 2048, files: 7 },
  ageSeconds: 90,
  verifiedAt: null,
  changed: { entries: 5, bytes: 1024, examples: ['.', 'late', 'pages/tides.md'] },
  leftOut: [],
  newerPoints: 0,
  unknown: ['whether it equals its source'],
  objections: [],
};
const NOTHING: Price = {
  ...PRICE,
  point: null,
  ageSeconds: null,
  changed: null,
  objections: ['no sync to beta has ever ended: what is there is not a whole copy'],
};

describe('formatPrice', () => {
  it('says how old the copy is, what would be lost with examples below, and what is not known', () => {
    const lines = formatPrice(PRICE).split('\n');
    expect(lines[0]).toBe('what a failover of wiki to beta costs');
    expect(lines.slice(1).map((line) => line.trim().replaceAll(/ {2,}/g, '|'))).toEqual([
      'goes on at|beta (beta:/srv/wiki)',
      'goes back to|recovery point 20261121T080210Z-000042, 2.00 KiB',
      expect.stringMatching(/^which is\|1m 30s old, captured 2026-11-2\d /),
      'written at the source since|5 entries, 1.00 KiB: lost to beta, kept at the source',
      'for example|late',
      'pages/tides.md',
      'the folder itself',
      'and 2 more',
      'last verified|never',
      'not known|whether it equals its source',
    ]);
  });

  it('lines its facts up, and says last what is not whole', () => {
    const [, ...facts] = formatPrice(NOTHING).split('\n');
    const columns = facts.map((line) => /^ {2}\S.*? {2,}(?=\S)/.exec(line)?.[0].length);
    expect(new Set(columns).size).toBe(1);
    expect(facts.at(-1)).toMatch(/^ {2}NOT WHOLE +no sync to beta has ever ended/);
  });
});

describe('requestAt', () => {
  it('asks for exactly the point whose price was shown, though a newer one may come meanwhile', () => {
    expect(requestAt(PRICE, {})).toEqual({ target: 'beta', pointId: '20261121T080210Z-000042' });
  });

  it('refuses what is no whole copy, unless that was accepted in words', () => {
    expect(() => requestAt(NOTHING, {})).toThrow(/not a whole copy\. Nothing was changed/);
    expect(requestAt(NOTHING, { acceptIncomplete: true })).toEqual({
      target: 'beta',
      acceptIncomplete: true,
    });
  });

  it('never takes what lies there for a point that was misspelt', () => {
    const misspelt = { ...NOTHING, objections: ['beta has no recovery point 2026'] };
    expect(() => requestAt(misspelt, { point: '2026', acceptIncomplete: true })).toThrow(
      /has no recovery point/,
    );
  });
});

it('formatFailover says who is primary, whether the old one knows, and how to come back', () => {
  const takeover = {
    target: 'beta',
    from: 'alpha',
    pointId: null,
    capturedAt: null,
    at: '2026-11-21T08:03:00.000Z',
    workflowId: 'relationship/wiki/failover/000043',
    fenced: false,
    fencing: 'HostUnreachable: no agent answers for host alpha (host alpha)\n  What to do: start it',
  };
  const text = formatFailover({ relationship: 'wiki', epoch: 2, price: PRICE, takeover });
  expect(text).toMatch(/^wiki has failed over to beta \(epoch 2\)\n/);
  expect(text).toMatch(/Went back to +nothing: what was there was accepted\n/);
  expect(text).toMatch(/alpha, NOT fenced: no agent answers for host alpha\n/);
  expect(text).toContain('tidemark reverse wiki');
});
