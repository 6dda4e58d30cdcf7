/** Durations as Go prints them, which VolSync's clients read. Pure. */

const trimmed = (seconds: number): string => seconds.toFixed(3).replace(/\.?0+$/, '');

/** `31.3s`, `5m15s`, `1h0m2.5s`, `250ms`. */
export function formatGoDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = `${trimmed((whole % 60_000) / 1000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
