import { formatProgress } from './progress-text';

test('progress says bytes, share, files, rate and time left', () => {
  const text = formatProgress({
    phase: 'transferring',
    bytesDone: 512 * 1024 ** 2,
    bytesTotal: 1024 ** 3,
    percent: 50,
    filesDone: 3,
    rateBytesPerSecond: 64 * 1024 ** 2,
    etaSeconds: 8,
  });
  expect(text).toBe('transferring 512 MiB of 1.00 GiB (50 %), 3 files, 64.0 MiB/s, 8.0s left');
});
