/** A volume as it lies there: what it is, whose it is, and how large. */
import type { CaptureMethod, Claim, PointMethod, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { Keeps } from '../../model/keeps';
import type { Quota, Room } from '../../model/room';

/** What a volume is, and what can be done with it on this very filesystem. */
export interface Inspection extends Room {
  exists: boolean;
  /** Filesystem type as the kernel names it: `btrfs`, `xfs`, `ext4`, `tmpfs`. */
  filesystem: string;
  mountPoint: string;
  /** No entry but Tidemark's own and `lost+found`. */
  empty: boolean;
  capture: CaptureMethod[];
  points: PointMethod[];
  /** For each method that is not offered, why, and the alternative. */
  whyNot: Partial<Record<CaptureMethod | PointMethod, string>>;
  /** What will not work with it, whatever the method, and what to do. */
  problems?: string[];
  claim?: Claim;
  /** Whose copy it was, where nobody has claimed it since. */
  released?: Released;
  /** What it may hold, where that is a size of its own and not its filesystem's. */
  capacityBytes?: number;
  /** It can be made larger while it is in use. */
  canGrow?: true;
  /** Of kinds that have both: raw blocks, and no filesystem. */
  isBlock?: true;
  /** Of a device: as long as it is. Nothing that is written to it takes room of any filesystem. */
  fixedBytes?: number;
  /** What else uses it just now, each as a clause: `mounted on /mnt`. A sync would write under it. */
  inUse?: string[];
  /** Those of them that may write to it: what `Direct` reads of it is torn. */
  writers?: string[];
  /** Of btrfs: the subvolumes inside of it, which are volumes of their own. By their paths in it. */
  innerVolumes?: string[];
}

/** A target that its relationship has released. */
export interface Released {
  relationship: string;
  epoch: number;
  /** The primary then, as `host:path`. */
  copyOf: string;
}

/** What a live volume takes on disk. */
export interface DiskUse {
  diskBytes: number;
  /** Multiply linked regular files exist (see `planTransfer`). */
  hasHardLinks: boolean;
}

/** What a volume holds. */
export interface VolumeSize {
  /** Bytes as long as its files are. */
  fileBytes: number;
  /** Entries, the volume itself included; 0 for kinds that can't count them cheaply. */
  entries: number;
}

/** What a volume is like that a target is to hold the content of. */
export interface VolumeShape {
  /** What it may hold; undefined where it has no size of its own. */
  capacityBytes?: number;
  isBlock?: true;
}

export interface VolumeKeeper {
  /**
   * Looks, changes nothing. Does not read the whole tree.
   * @param options.inside false: what it holds is not asked for, which may spare a kind whose volumes are not where the
   *   agent is a good deal; `empty` and the room are then as if nothing were in it
   * @param options.examine true: with `problems`
   */
  inspect(host: Host, volume: Volume, options?: { inside?: boolean; examine?: boolean }): Promise<Inspection>;

  /**
   * Target, right before a transfer: makes the volume where it is missing, and lets it grow as its source has. Idempotent.
   * Left out by kinds whose volumes come to be when they are claimed, or when something is received.
   */
  make?(host: Host, volume: Volume, claim: Claim, source: VolumeShape, signal?: AbortSignal): Promise<void>;
  /** Takes back what `make` has noted for a transfer, which was then refused before it wrote anything. */
  unmake?(host: Host, volume: Volume): Promise<void>;

  /**
   * Guards of DESIGN.md, before anything is changed: present, mounted where it must be, not a system
   * folder, not lost since it was last seen here, claimed by nobody else.
   * @throws VolumeMissing, NotMounted, Fenced (an older epoch than the stored one, or another
   * relationship's volume), InvalidSpec (system folder).
   * @param options.approved a user approved what is there now: a volume that was replaced is taken as new.
   */
  check(host: Host, volume: Volume, claim: Claim, options?: { approved?: boolean }): Promise<void>;

  /** `check`, then stores the claim with the data, making a missing target volume. Idempotent. */
  claim(host: Host, volume: Volume, claim: Claim, options?: { approved?: boolean }): Promise<void>;

  /**
   * Destination of a restore: that it is nobody's, and in nobody's use; makes it where it is missing. Left out by kinds
   * that a restore can't make.
   * @returns whether it is there; a dry run makes nothing
   * @throws Fenced, VolumeBusy, InvalidSpec
   */
  prepareRestore?(
    host: Host,
    volume: Volume,
    request: { source: VolumeShape; dryRun: boolean },
  ): Promise<boolean>;

  /**
   * Forgets the claim (relationship deleted); data and recovery points stay. Idempotent.
   * @param copyOf the primary, as `host:path`: a target notes it (see `Inspection.released`), until it is claimed
   */
  disclaim(host: Host, volume: Volume, relationship: string, copyOf?: string): Promise<void>;

  /** What the live volume takes on disk; nothing where there is none. Part of every sync: as cheap as it can be. */
  diskUse(host: Host, volume: Volume): Promise<DiskUse>;

  /** What the live volume holds, counted: may read the whole tree. All zero where there is none. */
  size(host: Host, volume: Volume): Promise<VolumeSize>;

  /**
   * What of a file can be kept here, found out by a trial on the very filesystem; undefined where nothing can be
   * tried. Left out by kinds whose storage keeps whatever it is sent.
   */
  keeps?(host: Host, volume: Volume): Promise<Keeps | undefined>;

  /**
   * The quota that leaves the volume less than its filesystem or pool has free; undefined where none does. Left out by
   * kinds whose storage has no quotas that can be asked for.
   */
  quota?(host: Host, volume: Volume): Promise<Quota | undefined>;
}
