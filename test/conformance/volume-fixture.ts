/** What the conformance suite of the volume contract works with. */
import { makeLocalHost } from '../../src/hosts/local';
import type { Host } from '../../src/hosts/contract';
import type { CaptureMethod, Claim, PointMethod, Volume } from '../../src/model/records';
import type { PointStamp, VolumeDriver } from '../../src/volumes/contract';

/** A kind of volume on one kind of storage, and what it is able to do there. */
export interface VolumeFixture {
  title: string;
  driver: VolumeDriver;
  capture: CaptureMethod[];
  points: PointMethod[];
  /** Files can share their blocks, so that a clone of a tree takes no room. */
  sharesBlocks: boolean;
  /** `demote` keeps the volume's users from writing to it. */
  canBeReadOnly: boolean;
  /** A volume of its own for each test: there, empty, claimed by nobody. */
  makeVolume(): Promise<Volume>;
  /** The host that it is on, named `alpha`; left out, this machine. */
  makeHost?(home: string): Promise<Host>;
  /** Claims and changes of role are left out: they are the same decisions, wherever the volume is. */
  contentOnly?: boolean;
  /** After each test. */
  afterEach?(): Promise<void>;
  afterAll?(): Promise<void>;
}

export const TARGET: Claim = { relationship: 'wiki', epoch: 1, role: 'target' };
export const SOURCE: Claim = { relationship: 'wiki', epoch: 1, role: 'source' };

/** The stamp of the sync with this sequence number. */
export function makeStamp(sequence: number, changes: Partial<PointStamp> = {}): PointStamp {
  const minute = new Date(Date.UTC(2026, 10, 21, 8, sequence)).toISOString();
  const id = `point-${String(sequence).padStart(6, '0')}`;
  const syncId = `wiki-${String(sequence).padStart(6, '0')}`;
  return { id, syncId, sequence, capturedAt: minute, publishedAt: minute, bytes: 10, files: 2, ...changes };
}

/** What a test works with. */
export interface Stage {
  host: Host;
  volume: Volume;
}

/** This machine, as the host that holds the volumes. */
export const connectHere = (home: string): Promise<Host> =>
  Promise.resolve(makeLocalHost({ name: 'alpha', home }));
