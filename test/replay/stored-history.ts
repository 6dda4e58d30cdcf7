/** Histories as they are stored: one event to a line, and nothing of the machine that they were recorded on. */
import { temporal } from '@temporalio/proto';
import type { temporal as Temporal } from '@temporalio/proto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

type History = Temporal.api.history.v1.IHistory;
const { History: HistoryMessage } = temporal.api.history.v1;

/** A folder for each version of Tidemark whose relationships may still run somewhere. */
export const HISTORIES = resolve(__dirname, 'histories');

/** Names of all stored histories, as `0.1.0/sync-000001-completed`. */
export function storedHistories(): string[] {
  return readdirSync(HISTORIES, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.json'))
    .map((path) => path.replace(/\.json$/, ''))
    .sort();
}

/** Of whose words nothing depends: who did a step, and in which line of the sources it failed. */
const LEFT_OUT: Record<string, string> = { identity: 'recorded', stackTrace: '' };

/** Replaces text everywhere, in payloads too. */
function rewrite(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString();
    const isText = Buffer.from(text).equals(value);
    return isText ? Buffer.from(replace(text)) : value;
  }
  if (Array.isArray(value)) return value.map((each) => rewrite(each, replace));
  // Numbers of 64 bits have a class of their own, and no text.
  if (typeof value !== 'object' || value === null || 'toNumber' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, LEFT_OUT[key] ?? rewrite(each, replace)]),
  );
}

/**
 * A history as text. Protobuf's own conversion is used: the SDK's JSON can't be read back where it
 * finds two versions of protobufjs.
 * @param replacements what stands for each text of the machine, in this order
 */
export function formatHistory(history: History, replacements: readonly [string, string][]): string {
  const replace = (text: string) =>
    replacements.reduce((rest, [from, to]) => rest.replaceAll(from, to), text);
  const clean = HistoryMessage.fromObject(
    rewrite(HistoryMessage.toObject(history as never), replace) as object,
  );
  const { events = [] } = HistoryMessage.toObject(clean, { bytes: String, longs: String, enums: String }) as {
    events?: unknown[];
  };
  return `[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]\n`;
}

/** A stored history by its name. */
export function loadHistory(name: string): Temporal.api.history.v1.History {
  const events: unknown = JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8'));
  return HistoryMessage.fromObject({ events: events as object[] });
}
