/**
 * The mover contract: what carries the bytes from a source to a target. The source pushes over SSH
 * into a landing that the target opened for one key and one exact command.
 *
 * `host` is the agent's own: keys, notes and what is remembered of former transfers are kept there. The data is where a
 * {@link Reach} leads, which need not be the same place: programs that touch it run by its runner, and by nothing else.
 *
 * Every method may be called again after it was cut off. Errors are `TidemarkError`s, classified by
 * the mover's own table of exit codes and messages.
 */
import type { Host, Runner } from '../hosts/contract';
import type { Landing, Landings } from '../landings/contract';
import type { LeftOut } from '../model/left-out';
import type { Keeps } from '../model/keeps';
import type { StreamHow, StreamPlan } from '../model/plan-stream';
import type { Comparison, Instant, Progress, TransferStats, Volume, Written } from '../model/records';
import type { MoverKind, MoverSpec } from '../model/spec';
import type { Capture } from '../model/capture';
import type { Reach } from './reach';

/** What names one stream of bytes: locks, keys and landings are found again by it. */
export interface TransferId {
  relationship: string;
  /** Target name, unique in the relationship. */
  target: string;
  syncId: string;
}

/** How the bytes are to be written at the target; chosen by `planTransfer`. */
export type WriteMode = 'inPlace' | 'delayed';

/** What one side tells the other, as JSON; each mover has its own, and takes nothing of it on trust. */
export type Told = Readonly<Record<string, unknown>>;

/** The source's half of the handshake. Nothing in it is secret. */
export interface Offer {
  /** One line of OpenSSH public key. */
  publicKey: string;
  /** What the target must know, and what the source itself will go by. */
  told: Told;
}

/** What a target opens for one transfer, and what a mover writes through. */
export type Door =
  /** A landing, for one key and one command. */
  | { how: 'ssh'; landing: Landing }
  /** A revision below a prefix of an object store, from which each reader fetches in its own time. */
  | { how: 'store'; prefix: string }
  /** Nothing: the mover's own tool reaches the target. */
  | { how: 'none' };

/** The target's half of the handshake. */
export interface Opened {
  door: Door;
  /** What the source must know of the target. */
  told: Told;
  /** How it goes after all, where that is not as planned. */
  goesBy?: StreamHow;
}

export interface TransferRequest {
  id: TransferId;
  /** To the capture. */
  reach: Reach;
  /** Of what is there, one file or folder alone, by its path. Only by rsync, for restores. */
  item?: string;
  capture: Capture;
  opened: Opened;
  writeMode: WriteMode;
  /** Where to start from; left out by movers that need no base. */
  stream?: StreamPlan;
  mover: MoverSpec;
  /** Of the offer. */
  told: Told;
  /** The limit that `receive` was told; beyond it, `ApprovalRequired`. Undefined: no limit. */
  maxDeletions?: number;
  /**
   * Of a stream, in its place: a share of what base or target hold. Movers of streams judge before the first byte
   * goes, by `refuseDeletions`: nobody at the target can.
   */
  maxDeletionsPercent?: number;
  /** Entries that the target holds, where they are known: without a common base, theirs is what can be compared. */
  targetEntries?: number;
  /**
   * Of a sync: what is remembered of its source. Left out where nothing is, as for a restore: then contents are
   * compared where something is at the target.
   */
  remembered?: {
    epoch: number;
    /** The sync that made the target's newest point. */
    confirmed?: string;
    /** Of a clone: the live volume that it was made of. */
    livePath?: string;
  };
  /** The whole tree, about: what it takes on the disk, and what its files contain. */
  expectedBytes?: { disk: number; files: number };
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** An entry that a recovery point lacks of its source. */
export interface Missing {
  /** Below the root; bytes, one character each (`latin1`). */
  path: string;
  /** As rsync tells it: `f`, `d`, `L`, `D`, `S` for what is special. */
  type: string;
}

/** An entry that a recovery point has, and otherwise. */
export interface Differing extends Missing {
  /** In the words of `Difference.what`. */
  what: readonly string[];
}

/** Of what is missing, what was never to be there. */
export interface Omitted {
  paths: ReadonlySet<string>;
  /** Of what differs, what was never to be kept: by path, in the words of `Difference.what`. */
  aspects?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Those of them that nobody has asked to be left out. */
  leftOut: LeftOut[];
}

/** What a transfer did; of what somebody else has pushed, when that was whole. */
export interface Pushed extends TransferStats {
  capturedAt?: Instant;
}

/** Where a landing is, or may be, open. */
export interface LandingPlace {
  runner: Runner;
  landings: Landings;
}

export interface Mover {
  readonly kind: MoverKind;

  /**
   * Source: bytes of a whole copy, on disk and as files are long, the latter as `transfer` counts them.
   * What the spec leaves out does not count. `empty`, where it was seen: nothing but what belongs to no content is there.
   */
  measure(
    host: Host,
    request: { reach: Reach; mover: MoverSpec },
  ): Promise<{ disk: number; files: number; empty?: boolean }>;

  /** Source: makes a key pair for this transfer alone, and says what command it will run. */
  offer(
    host: Host,
    request: {
      id: TransferId;
      /** To the live volume, or to what is restored. */
      reach: Reach;
      targetHost: string;
      /** The source; for movers that tell their target of it. */
      volume?: Volume;
      mover: MoverSpec;
      /** For one file or folder alone: see `TransferRequest.item`. */
      isItem?: boolean;
    },
  ): Promise<Offer>;

  /**
   * Target: ends what may still run of a lost attempt, and opens a landing that writes to what is reached.
   * @throws InvalidSpec where the offered command is not one that this mover ever runs.
   */
  receive(
    host: Host,
    landings: Landings,
    request: {
      id: TransferId;
      reach: Reach;
      volume: Volume;
      offer: Offer;
      /** Where the stream starts from and lands: the replica, or a volume beside it. */
      stream?: StreamPlan;
      /** `verify`: a landing that only reads. */
      writeMode: WriteMode | 'verify';
      mover: MoverSpec;
      expiresAt: string;
      /** What the filesystem there, and the user that writes to it, can keep. */
      keeps?: Keeps;
      /** For movers that compare by size and time. Left out where the storage proves what it holds. */
      written?: Written;
      /** At most so many deletions; the target itself enforces it. Undefined: no limit. */
      maxDeletions?: number;
      /** In its place: a share of the files that a delta is compared with. */
      maxDeletionsPercent?: number;
    },
  ): Promise<Opened>;

  /** Source: ends a lost attempt of the same transfer, then pushes the bytes. Resumes by itself. */
  transfer(host: Host, request: TransferRequest): Promise<Pushed>;

  /** Either side: closes the landing, removes keys, ends what still runs. */
  close(host: Host, place: LandingPlace, id: TransferId): Promise<void>;

  /** Either side: the same, whichever sync it was for. */
  closeAll(host: Host, place: LandingPlace, id: Omit<TransferId, 'syncId'>): Promise<void>;

  /** Source: forgets what is kept of former transfers of a relationship, which is deleted. Left out where nothing is. */
  forget?(host: Host, relationship: string): Promise<void>;

  /** Source: the command for a landing that only reads, to compare with. */
  offerVerify(
    host: Host,
    request: { id: TransferId; reach: Reach; mover: MoverSpec; quick: boolean; isItem?: boolean },
  ): Promise<Offer>;

  /** Source: compares contents and all metadata; changes nothing on either side. */
  verify(
    host: Host,
    request: {
      id: TransferId;
      /** To the live volume, or to what is restored. */
      reach: Reach;
      /** As `TransferRequest.item`. */
      item?: string;
      volume: Volume;
      opened: Opened;
      mover: MoverSpec;
      /** Of the point: what proves it equal to a state of this volume. */
      identity: string;
      /** By size and time as a sync finds changes, not by checksum: reads no contents. */
      quick: boolean;
      /** When the point was captured: later changes of the source are told apart from damage. */
      capturedAt: string;
      /** The sync that made it; by that, what the source looked like then may be known. */
      pointSyncId?: string;
      /** Of what the point lacks, what it was never to hold: see `Points.findOmitted`. Left out where that is nothing. */
      findOmitted?: (missing: readonly Missing[], differing: readonly Differing[]) => Promise<Omitted>;
      signal: AbortSignal;
      onProgress: (progress: Progress) => void;
    },
  ): Promise<Comparison>;
}
