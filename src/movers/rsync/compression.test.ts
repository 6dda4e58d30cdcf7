import { chooseCompression, measureLink } from './compression';

const now = new Date('2026-11-21T08:00:00Z');
const measuredAt = '2026-11-21T07:00:00Z';

describe('chooseCompression', () => {
  it('compresses where the link is known to be slow', () => {
    expect(chooseCompression({ compress: 'auto' }, { bytesPerSecond: 12_000_000, measuredAt }, now)).toBe(
      'zstd',
    );
  });

  it('does not where it is fast, or unknown, or was measured long ago', () => {
    expect(chooseCompression({ compress: 'auto' }, { bytesPerSecond: 110_000_000, measuredAt }, now)).toBe(
      'none',
    );
    expect(chooseCompression({ compress: 'auto' }, undefined, now)).toBe('none');
    const old = { bytesPerSecond: 12_000_000, measuredAt: '2026-11-19T08:00:00Z' };
    expect(chooseCompression({ compress: 'auto' }, old, now)).toBe('none');
  });

  it('compresses under a low limit', () => {
    expect(chooseCompression({ compress: 'auto', bandwidthLimit: '10MiB' }, undefined, now)).toBe('zstd');
    expect(chooseCompression({ compress: 'auto', bandwidthLimit: '1GiB' }, undefined, now)).toBe('none');
  });

  it('does what it is told', () => {
    expect(chooseCompression({ compress: 'lz4' }, undefined, now)).toBe('lz4');
    expect(chooseCompression({ compress: 'none' }, { bytesPerSecond: 1, measuredAt }, now)).toBe('none');
  });
});

describe('measureLink', () => {
  const stats = { bytesSent: 100_000_000, durationMs: 2000, filesChanged: 3 };
  const plain = { compress: 'none', isLimited: false };

  it('takes the rate of a big transfer', () => {
    expect(measureLink(stats, plain)).toBe(50_000_000);
  });

  it('learns nothing from what was slowed down by something else', () => {
    expect(measureLink({ ...stats, bytesSent: 1000 }, plain)).toBeUndefined();
    expect(measureLink({ ...stats, filesChanged: 40_000 }, plain)).toBeUndefined();
    expect(measureLink(stats, { ...plain, isLimited: true })).toBeUndefined();
    expect(measureLink(stats, { ...plain, compress: 'zstd' })).toBeUndefined();
  });
});
