/** Keeps fingerprints in the agent's own folder. What can't be read there whole is as good as nothing. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Runner } from '../hosts/contract';
import type { Fingerprint } from './fingerprint';

const HeaderSchema = z.object({
  version: z.literal(1),
  entries: z.int().nonnegative(),
  fileBytes: z.number(),
  diskBytes: z.number(),
  startedAt: z.number(),
  complete: z.boolean(),
});

const KEY_BYTES = 8;
const STATE_BYTES = 8;
const LOOK_BYTES = 4;

/** One line of JSON, one of base64, and the sum of both. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  const { keys, states, looks, ...counts } = fingerprint;
  const parts = [keys, states, looks].map((part) =>
    Buffer.from(part.buffer, part.byteOffset, part.byteLength),
  );
  const body = Buffer.concat(parts).toString('base64');
  const header = JSON.stringify({ version: 1, ...counts });
  return `${header}\n${body}\n${sum(header, body)}\n`;
}

/** Undefined where it is not what was written. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const [line = '', body = '', told] = text.split('\n');
  const header = told === sum(line, body) ? parseHeader(line) : undefined;
  if (!header) return undefined;
  const { version: _version, ...counts } = header;
  const bytes = Buffer.from(body, 'base64');
  const { entries } = counts;
  if (bytes.length !== entries * (KEY_BYTES + STATE_BYTES + LOOK_BYTES)) return undefined;
  // A copy of its own, which begins where numbers may.
  const { buffer } = new Uint8Array(bytes);
  return {
    ...counts,
    keys: new Float64Array(buffer, 0, entries),
    states: new Uint32Array(buffer, KEY_BYTES * entries, 2 * entries),
    looks: new Uint32Array(buffer, (KEY_BYTES + STATE_BYTES) * entries, entries),
  };
}

const sum = (header: string, body: string) =>
  createHash('sha256').update(header).update('\n').update(body).digest('hex');

function parseHeader(line: string): z.output<typeof HeaderSchema> | undefined {
  try {
    return HeaderSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Atomic. */
export async function writeFingerprint(
  host: Pick<Runner, 'files'>,
  path: string,
  fingerprint: Fingerprint,
): Promise<void> {
  await host.files.write(path, formatFingerprint(fingerprint));
}

/** Undefined where there is none, or none that can be read: nothing is known then. */
export async function readFingerprint(
  host: Pick<Runner, 'files'>,
  path: string,
): Promise<Fingerprint | undefined> {
  try {
    const text = await host.files.read(path);
    return text === undefined ? undefined : parseFingerprint(text);
  } catch {
    return undefined;
  }
}
