import { createHash } from 'node:crypto';

/** Stands for a text in a path of the agent's own. */
export const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 12);
