/** The small files of JSON that Tidemark keeps with a volume, read back; `writeRecord` of `tools.ts` writes them. */
import { join } from 'node:path';
import type { z } from 'zod';
import { makeError, type Subject } from './tools';

/** How the names of a folder's records end. */
export const SUFFIX = '.json';

/**
 * Undefined where there is no such file.
 * @param hint what to do about one that makes no sense
 * @throws TidemarkError `ToolFailed` where it makes no sense
 */
export async function readRecord<T>(
  subject: Subject,
  path: string,
  schema: z.ZodType<T>,
  hint?: string,
  files = subject.host.files,
): Promise<T | undefined> {
  const text = await files.read(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const details = hint === undefined ? {} : { hint };
    throw makeError(subject, 'ToolFailed', `${path} can't be parsed`, details, error);
  }
}

/** Those of a folder, in no order; none where there is no such folder. @throws as `readRecord` */
export async function readRecordsIn<T>(
  subject: Subject,
  folder: string,
  schema: z.ZodType<T>,
  hint?: string,
): Promise<T[]> {
  const names = (await subject.host.files.list(folder)).filter((name) => name.endsWith(SUFFIX));
  const all = await Promise.all(names.map((name) => readRecord(subject, join(folder, name), schema, hint)));
  return all.filter((each) => each !== undefined);
}
