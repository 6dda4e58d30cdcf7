/** Arguments of options, checked where they are read, so that wrong ones are wrong use. */
import { InvalidArgumentError } from 'commander';
import { isAbsolute, resolve } from 'node:path';
import { HEALTHS } from '../model/health';
import { LABEL_KEY, WRONG_KEY } from '../model/labels';
import { CLAIM_PATTERN, NAME_PATTERN } from '../model/names';
import { parseInnerPath } from '../model/paths';
import { PHASES } from '../model/status';
import { isDuration, durationToMs } from '../model/units';
import { suggest } from '../model/suggest';

export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return count;
  throw new InvalidArgumentError('It must be a number from 1 to 1000.');
}

/** An instant, or a day: the first moment of it. */
export function parseInstant(text: string): string {
  // As times are shown: where nothing else is said, of this machine's zone.
  const at = new Date(/^[\d-]+$/.test(text) ? `${text}T00:00` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError('It must be a time, like 2026-11-30T08:00:00Z, or a day, like 2026-11-30.');
}

/** An instant, or how long ago it was: `2d`. */
export function parseSince(text: string): string {
  if (isDuration(text)) return new Date(Date.now() - durationToMs(text)).toISOString();
  try {
    return parseInstant(text);
  } catch {
    throw new InvalidArgumentError(
      'It must be how long ago, like 2d or 12h, or a time, like 2026-11-30T08:00:00Z.',
    );
  }
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, from 1 to 65535.');
}

/** Separated by commas; may be given several times. */
export function parseList(text: string, before: string[] = []): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === ''))
    throw new InvalidArgumentError('It must be names separated by commas.');
  return [...before, ...items];
}

/** Several of these words, separated by commas; may be given several times. */
export const parseWords =
  <Word extends string>(words: readonly Word[]) =>
  (text: string, before: Word[] = []): Word[] => {
    const given = parseList(text);
    const wrong = given.find((each) => !words.some((word) => word === each));
    if (wrong === undefined) return [...before, ...(given as Word[])];
    const guess = suggest(wrong, words);
    throw new InvalidArgumentError(
      guess ? `Did you mean ${guess}?` : `It must be among ${words.join(', ')}.`,
    );
  };

export const parseHealths = parseWords(HEALTHS);
export const parsePhases = parseWords(PHASES);

/** Each time it is given, one more. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

export function parseHostName(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('A name has 1 to 63 lower-case letters, digits, dots or dashes.');
}

/** `HOST:/absolute/path`, or of a host that is a cluster `HOST:NAMESPACE/CLAIM`. */
export function parseLocation(text: string): { host: string; path: string } {
  const match = /^([^:/]+):(\/.*|[^/]+\/[^/]+)$/s.exec(text);
  const [, host, path] = match ?? [];
  const isKnown = path !== undefined && (isAbsolute(path) || CLAIM_PATTERN.test(path));
  if (host !== undefined && isKnown && NAME_PATTERN.test(host)) return { host, path };
  throw new InvalidArgumentError('It must be HOST:/absolute/path, or HOST:NAMESPACE/CLAIM of a cluster.');
}

/** Names of labels: `tier,team`. */
export function parseLabelNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.filter((name) => !LABEL_KEY.test(name));
  if (wrong.length === 0) return [...new Set(names)];
  throw new InvalidArgumentError(`${wrong.map((name) => `"${name}"`).join(', ')}: ${WRONG_KEY}.`);
}

export function parseText(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must be a path.');
  return resolve(text);
}

/** `HOST:PORT` */
export function parseHostPort(text: string): string {
  if (/^(\[[^\]]+\]|[^:\s]+):\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be HOST:PORT, like 127.0.0.1:9100.');
}

/** A path inside of a recovery point. */
export function parseInner(text: string): string {
  const parsed = parseInnerPath(text);
  if ('problem' in parsed) throw new InvalidArgumentError(`It ${parsed.problem}.`);
  return parsed.path;
}
