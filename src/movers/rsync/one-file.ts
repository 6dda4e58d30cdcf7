/**
 * rsync as what carries the bytes of one file or device, for movers that are not about trees. They import this and nothing
 * else of the rsync mover; lint holds it.
 */
export { classifyEnding } from './classify';
export { findServerCommand } from './offer';
export { PLACEHOLDER_PATH, SILENCE_WHEN_SUMMING_SECONDS } from './options';
export { parseItem, parseProgress } from './output';
export { runClient } from './run-rsync';
export { refuseCommand } from './server-command';
export { StatsCounter } from './stats';
