/** What a kind of volume declares about itself. Nothing here does I/O, and workflow code reads it. */
import type { ZodOptional, ZodType } from 'zod';
import type { MoverKind } from '../movers';
import type { SpecValues } from '../spec-values';
import type { Location } from './location';

/** What an option of a volume may be. */
export type OptionValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** Options by their keys: what each of them takes. */
export type OptionDeclarations = Readonly<
  Record<string, (values: SpecValues) => ZodType<OptionValue | undefined>>
>;

/** The same of one kind alone: each may be left out. */
export type OwnOptionDeclarations = Readonly<
  Record<string, (values: SpecValues) => ZodOptional<ZodType<OptionValue>>>
>;

export interface KindDeclaration {
  /**
   * What its key of an endpoint takes. The values of a spec are handed in, so that workflow code, which never calls
   * this, does not load the schema library.
   */
  endpoint: (values: SpecValues) => ZodType<string>;
  /**
   * Further keys of an endpoint that are about a volume of this kind, source or target. They go with the volume: a driver
   * reads them in `Volume.options`. None has a default, which every endpoint would be given; kinds that have one in common
   * share its declaration.
   */
  options?: OwnOptionDeclarations;
  /** What carries it. The first one is taken where a spec names none. */
  movers: readonly [MoverKind, ...MoverKind[]];
  /** Where its id says it is; undefined where that can't be known from the id. */
  locate: (id: string) => Location | undefined;
  /** Its id is a folder of the host: none that belongs to the system is accepted. */
  isFolder: boolean;
  /** Where its files are: at its id, where it is mounted, or where only its own tool knows. */
  files: 'at-id' | 'where-mounted' | 'known-to-tool';
  /**
   * A transfer changes its replica file by file, so that whoever reads meanwhile sees a mixture of two states. Others
   * replace the replica in one step.
   */
  isWrittenInPlace: boolean;
  /**
   * What a source holds is looked at once it is frozen, and not before: its live volume may be in use where nobody else can
   * reach it.
   */
  isReadFrozen?: true;
  /** The one way in which this kind is frozen, source or target; left out where its filesystem decides. */
  onlyMethod?: 'Snapshot';
  /** How `Auto` keeps the newest state at a target that can't freeze any. By default `HardLink`. */
  leastMethod?: 'Direct';
  /** Hooks may be programs of its own surroundings, which the agent need not be allowed: Jobs of its cluster. */
  hasJobs?: true;
  /**
   * As a target it has no host of its own: whoever is the source writes to it, and any agent that has its credentials reads
   * it. No service can go on at it: first it is restored.
   */
  isAtSource?: true;
  /** Of such a kind: the mover that writes to it; by default the first of `movers`. */
  writtenBy?: MoverKind;
  /** Of such a kind: it takes the files of claims too, and claims take its. */
  takesClaims?: true;
  /** Of such a kind: what it must not begin with there, since a pod of the cluster can't reach that; and why. */
  notInClusters?: Readonly<Record<string, string>>;
  /** Of such a kind: others may keep states of theirs beside ours, and its driver lists them (`listOthers`). */
  findsOthers?: true;
  /** Of such a kind: it can be a source too, read by the host that the spec names. */
  canBeSource?: true;
  /**
   * As a source it is filled by somebody who is not of this relationship, and who waits while it is read: so it is captured,
   * and released, even where nothing can be frozen. A target can take its place; nothing is ever sent back to it.
   */
  isFilledByOthers?: true;
  /** Options that say something of a target alone. */
  targetOptions?: readonly string[];
  /** Options that say something of a source alone. */
  sourceOptions?: readonly string[];
  /** Its points are trees: folders that rsync can read, so that a point can be restored into any directory. */
  hasTrees: boolean;
  /** Why one volume of this kind can't be copied to another; undefined where it can. */
  objectToCopy?: (from: string, to: string) => string | undefined;
}
