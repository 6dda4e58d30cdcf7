/** Hooks that are programs of a volume's own surroundings, and not of its host: Jobs beside a claim. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';

export interface JobRequest {
  relationship: string;
  syncId: string;
  /** What it is called there: `cronjob/probe-shop`. */
  job: string;
  /** What it is to see: the volume's own id, or that of a copy of it. */
  path: string;
  /** What it is told, as environment variables. */
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface HookJobs {
  /** @throws TidemarkError `HookFailed` where there is none of this name */
  check(host: Host, volume: Volume, job: string): Promise<void>;
  /**
   * Runs one to its end; one that an attempt has left that was cut off is ended first.
   * @throws TidemarkError `HookFailed` or `NotReady`, in its own words, where it did not end well, or not in time
   */
  run(host: Host, volume: Volume, request: JobRequest): Promise<void>;
}
