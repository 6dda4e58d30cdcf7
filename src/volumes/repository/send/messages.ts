/** What `restic backup --json` says while it runs, and at its end. Pure. Source: restic's scripting documentation. */
import { z } from 'zod';

const StatusSchema = z.object({
  message_type: z.literal('status'),
  files_done: z.number().default(0),
  total_files: z.number().default(0),
  bytes_done: z.number().default(0),
  total_bytes: z.number().default(0),
  seconds_remaining: z.number().default(0),
});

const SummarySchema = z.object({
  message_type: z.literal('summary'),
  files_new: z.number(),
  files_changed: z.number(),
  files_unmodified: z.number(),
  dirs_new: z.number(),
  dirs_changed: z.number(),
  dirs_unmodified: z.number(),
  data_added: z.number(),
  /** Since restic 0.17. */
  data_added_packed: z.number().optional(),
  total_files_processed: z.number(),
  total_bytes_processed: z.number(),
  snapshot_id: z.string(),
  /** The time of the snapshot. Later than restic 0.17. */
  backup_start: z.string().optional(),
});

const ErrorSchema = z.object({
  message_type: z.literal('error'),
  error: z.object({ message: z.string() }).loose(),
  item: z.string().default(''),
});

const MessageSchema = z.discriminatedUnion('message_type', [StatusSchema, SummarySchema, ErrorSchema]);

export type Status = z.output<typeof StatusSchema>;
export type Summary = z.output<typeof SummarySchema>;
export type ItemError = z.output<typeof ErrorSchema>;

/** Undefined for what nobody here asks. */
export function parseMessage(line: string): Status | Summary | ItemError | undefined {
  try {
    return MessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** A file that was deleted while a live source was read. */
export const hasVanished = ({ error }: ItemError): boolean => /no such file or directory/.test(error.message);

/** Files and folders that the source has, its own folder too, which restic does not count. */
export const entriesOf = (summary: Summary): number =>
  1 + summary.total_files_processed + summary.dirs_new + summary.dirs_changed + summary.dirs_unmodified;
