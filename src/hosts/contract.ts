/**
 * The host contract: how everything above reaches the machine that holds the data.
 *
 * `local` for this machine, `ssh` for hosts on which nothing of ours is installed, `pod` for a container of a cluster; all
 * pass one suite. A place that comes up for one task and goes, as a pod does, is a {@link Runner}: where the data is, but
 * not where an agent could keep anything.
 */
import type { Room } from '../model/room';
import type { Cluster } from './cluster/contract';

/** The result of a program that ran to its end, whatever its exit code. */
export interface RunResult {
  stdout: Buffer;
  stderr: string;
  /** The exit code; 128 + the signal's number where a signal ended it. */
  exitCode: number;
}

/** Limits and channels of a program to be run. */
export interface RunOptions {
  /** Ends the whole process group when aborted: TERM, then KILL after `killAfterMs`. */
  signal?: AbortSignal;
  /** Like an abort, after so many milliseconds; the error says so. */
  timeoutMs?: number;
  /** From TERM to KILL. Default 5,000. */
  killAfterMs?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  stdin?: Buffer | string;
  /** Called with each chunk of output as it comes; the result then keeps only the last `maxOutputBytes`. */
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  /** Output kept per stream. Default 16 MiB; the oldest is dropped first. */
  maxOutputBytes?: number;
  /**
   * Marks the program and all its descendants as one attempt, so that {@link Runner.endAttempts} finds
   * them even after the agent that started them was killed. Example: `transfer:wiki:beta`.
   */
  attempt?: string;
  /**
   * Ends it too where its agent is gone, however that ended, or no longer reaches the place. What it has started in
   * sessions of their own goes on. Not with `stdin`.
   */
  endsWithAgent?: boolean;
}

/** What lies at a path; of a symlink, the link itself. */
export interface FileKind {
  type: 'directory' | 'regular file' | 'symbolic link' | 'special file';
  /** Decimal. */
  inode: string;
  /** Decimal: of the filesystem, until it is mounted anew. */
  device: string;
}

/** Small files of state, listing, and what is quickly looked at. Paths are absolute. */
export interface HostFiles {
  /** The content, or undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Atomic and durable: a reader sees the old content or the new, never a part. Makes missing parents. */
  write(path: string, content: string, mode?: number): Promise<void>;
  /** Removes a file or a whole tree; nothing there is not an error. Never follows a symlink. */
  remove(path: string): Promise<void>;
  /** Names in a folder, sorted; empty where there is no such folder. */
  list(path: string): Promise<string[]>;
  /** Whether a folder holds nothing but entries of these names. @throws where it can't be read. */
  isEmpty(path: string, except?: readonly string[]): Promise<boolean>;
  /** Undefined where nothing is there. @throws where it can't be looked at. */
  stat(path: string): Promise<FileKind | undefined>;
  /** The path without symlinks, whether or not its last parts are there: as `realpath -m` has it. */
  resolve(path: string): Promise<string>;
  mkdir(path: string, mode?: number): Promise<void>;
  /** Atomic rename within one filesystem. */
  rename(from: string, to: string): Promise<void>;
  /** How much room the filesystem of a folder has, for this user. @throws where it can't be asked. */
  room(folder: string): Promise<Room>;
  /** The host's own clock, by which the times of its files are. In seconds since the epoch. */
  clock(): Promise<number>;
  /**
   * Makes an ed25519 key pair for SSH. The private half stays on this host, in a file of mode 0600 at `path`, in place
   * of what was there. Answers the public half: one line, `ssh-ed25519 AAAA…`.
   */
  makeKeyPair(path: string): Promise<string>;
  /**
   * What changes when a program is replaced by another version, or one of these files is changed. Left out where
   * it costs as much as running the program, as over SSH; undefined where there is no such program.
   */
  identifyProgram?(program: string, files: readonly string[]): Promise<string | undefined>;
}

/** A place where programs run: an agent's own host, or one that comes up for a while (see `Reach`). */
export interface Runner {
  /** The name that users know it by. */
  readonly name: string;
  /** A private folder of Tidemark's own there, for what a program needs while it runs. Absolute. It may go with the place. */
  readonly scratch: string;
  readonly files: HostFiles;
  /**
   * Runs a program to its end. Arguments are passed as they are, never through a shell.
   * Settles only once the whole process group is gone.
   * @throws TidemarkError `ToolMissing` where there is no such program (with the package to install).
   * @throws the abort reason where `signal` ended it.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs `a | b | c`; the exit code and stderr of every program are seen. */
  pipe(argvs: readonly (readonly string[])[], options?: RunOptions): Promise<RunResult[]>;
  /**
   * Ends every process of an attempt that may still run from an agent that was lost, and waits until
   * it is gone. Returns how many were ended.
   * @throws TidemarkError `VolumeBusy` where one survives KILL for 10 s.
   */
  endAttempts(attempt: string): Promise<number>;
}

/** What reaches stores, by the names that specs call it. Nothing of it goes into Temporal, logs or arguments. */
export interface Credentials {
  /**
   * Variables of the environment of the tool that reaches the store.
   * @param namespace of a cluster: where the Secret is
   * @throws TidemarkError `AuthRejected`
   */
  readVariables(name: string, namespace?: string): Promise<Record<string, string>>;
  /**
   * A key for an account of somebody else, and the host keys that its owner vouches for, as files where ssh is to run: those of
   * this machine stay where they are, those of a Secret are put into a folder of the pod that is memory alone.
   * @throws TidemarkError `AuthRejected`
   */
  findKey(name: string, at: KeyPlace): Promise<KeyFiles>;
  /**
   * Of a door.
   * @param at of a cluster: the pod that is one
   * @throws TidemarkError `AuthRejected`
   */
  findDoorKeys(name: string, at?: KeyPlace): Promise<DoorKeys>;
  /**
   * A key that both ends of a tunnel share, as a file where stunnel is to run: see `objectToSharedKey`.
   * @throws TidemarkError `AuthRejected`
   */
  findSharedKey(name: string, at: KeyPlace): Promise<string>;
}

/** Where ssh is to run. */
export interface KeyPlace {
  runner: Runner;
  /** Of a cluster: where the Secret is. */
  namespace?: string;
}

/** Files by their absolute paths. */
export interface KeyFiles {
  /** An OpenSSH private key, without a passphrase. */
  key: string;
  /** As OpenSSH has it. */
  knownHosts: string;
  /** Where its owner's host keys are written to, as users call it. */
  pinnedIn: string;
}

/** Who may push at a door, and what it shows itself by: files of this machine, or of the pod that is a door, by their absolute paths. */
export interface DoorKeys {
  /** Public keys, one a line. */
  authorizedKeys: string;
  /** An OpenSSH private key, without a passphrase. Left out: the agent makes one. */
  hostKey?: string;
}

/** The host that an agent speaks for. What is to last is kept here: notes, keys, what is remembered of former syncs. */
export interface Host extends Runner {
  /** The agent's own state folder on this host. Absolute. The scratch folder too. */
  readonly home: string;
  /** It is the machine on which the agent itself runs. */
  readonly isHere?: true;
  /** Of a host that is a Kubernetes cluster: its volumes are claims, and this agent's own machine only keeps notes. */
  readonly cluster?: Cluster;
  /** Files of a folder of the agent's; of a cluster, Secrets. Left out where nothing needs any. */
  readonly credentials?: Credentials;
}

/** Where an agent keeps its state, as opposed to a place that goes. */
export function isAgentHost(runner: Runner): runner is Host {
  return 'home' in runner;
}

/** Runs a program that must succeed. @throws TidemarkError `ToolFailed` with the tool's own words. */
export type RunChecked = (
  host: Pick<Host, 'name' | 'run'>,
  argv: readonly string[],
  options?: RunOptions,
) => Promise<RunResult>;
