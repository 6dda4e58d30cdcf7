import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';

/** What a driver fails at, for the volumes of some claims. */
export interface Fault {
  /** No volume is made: what the driver says. */
  provision?: string;
  /** No snapshot is taken: what the driver says. */
  snapshot?: string;
  /** Snapshots are taken, and stay not ready to use. */
  isSnapshotNeverReady?: boolean;
  /** Snapshots are ready to use so long after they were taken. */
  snapshotReadyAfterMs?: number;
  /** No volume grows: what the driver says. */
  expand?: string;
}

/** By `namespace/name` of the claim that a volume is, or is to be, of; `*` stands for any name. All that fit count. */
export type Faults = Record<string, Fault>;

/** What a volume's driver is to fail at now. @param file as a test or a person writes it; nothing where it is not there */
export function readFault(file: string, claim: string): Fault {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  const fitting = Object.entries(JSON.parse(text) as Faults).filter(([pattern]) =>
    matchesGlob(claim, pattern),
  );
  return Object.assign({}, ...fitting.map(([, fault]) => fault)) as Fault;
}
