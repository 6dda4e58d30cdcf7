/** What the conformance suite of the volume contract works with. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import type { Host } from '../../src/hosts/contract';
import type { CaptureMethod, Claim, PointMethod, Volume } from '../../src/model/records';
import type { PointStamp, VolumeDriver } from '../../src/volumes/contract';
import { pointPath } from '../support/trees/point-path';
import { describeTree } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

/** What is in a volume, by its path: how tests put something there, and look at it. */
export interface Content {
  /** A bit of everything that there can be. */
  fill(path: string): Promise<void>;
  /** Another thing each time, where one may write. */
  write(path: string): Promise<void>;
  /** What writing fails with where one may not. */
  refusal: string;
  /** Equal for what is equal, and for nothing else. */
  describe(path: string): Promise<unknown>;
}

/** Of volumes that are folders. */
export const TREE: Content = {
  fill: (path) => makeNastyTree(path),
  write: (path) => writeFile(join(path, 'written'), 'x'),
  refusal: 'EROFS',
  describe: (path) => describeTree(path),
};

/** A kind of volume on one kind of storage, and what it is able to do there. */
export interface VolumeFixture {
  title: string;
  driver: VolumeDriver;
  capture: CaptureMethod[];
  points: PointMethod[];
  /** Files can share their blocks, so that a clone of a tree takes no room. */
  sharesBlocks: boolean;
  /** By default that of a folder. */
  content?: Content;
  /** `demote` keeps the volume's users from writing to it. */
  canBeReadOnly: boolean;
  /** A volume of its own for each test: there, empty, claimed by nobody. */
  makeVolume(): Promise<Volume>;
  /** The host that it is on, named `alpha`; left out, this machine. */
  makeHost?(home: string): Promise<Host>;
  /** Where this machine sees the files of a volume, a capture or a clone, by the path that the driver tells; left out, there. */
  see?: (path: string) => Promise<string>;
  /** Where it sees those of a recovery point; left out, where the driver reaches them. */
  seePoint?: (stage: Stage, relationship: string, pointId: string) => Promise<string>;
  /** The name of a volume that is not there; left out, one inside of this one. */
  nameMissing?(volume: Volume): Volume;
  /** What was let go of goes in its storage's own time: waits until it is gone. */
  settle?(): Promise<void>;
  /** Clones are made by the storage alone, without a program that could be interrupted: they have tests of their own. */
  clonesByStorage?: boolean;
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

/** A stage whose files a test sees. */
export interface OpenStage extends Stage {
  /** The live volume, where this machine sees it. */
  folder: string;
}

/** Where this machine sees a volume, a capture or a clone. @throws Error ENOENT where there is none */
export const see = async ({ see: look }: Pick<VolumeFixture, 'see'>, path: string): Promise<string> =>
  look ? await look(path) : path;

/** Where this machine sees a recovery point. @throws PointMissing where there is none */
export const seePoint = async (
  { driver, seePoint: look }: Pick<VolumeFixture, 'driver' | 'seePoint'>,
  stage: Stage,
  relationship: string,
  pointId: string,
): Promise<string> =>
  look
    ? await look(stage, relationship, pointId)
    : await pointPath(driver, stage.host, stage.volume, relationship, pointId);

/** This machine, as the host that holds the volumes. */
export const connectHere = (home: string): Promise<Host> =>
  Promise.resolve(makeLocalHost({ name: 'alpha', home }));
