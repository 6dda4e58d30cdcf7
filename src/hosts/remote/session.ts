/** What carries programs to the far end and their bytes back; SSH is one way, the exec of a Kubernetes pod another. */
import type { Duplex, Readable } from 'node:stream';
import type { TidemarkError } from '../../model/errors';

/** Standard input and output of a command; each holds back its writer while its reader is slow. */
export interface Channel extends Duplex {
  stderr: Readable;
}

/** A command that runs. */
export interface Session {
  channel: Channel;
  /** How it ended; undefined while it runs, or where its connection was lost before. */
  ended?: { code: number | null; signal?: string };
  /** Settles when the channel is closed, on whichever side. */
  closed: Promise<void>;
  /** Why it ended before its time. Repeating what it was for may help. */
  lost(cause?: unknown): TidemarkError;
}

/** The way to one host. */
export interface Carrier {
  /** As users know it. */
  readonly host: string;
  /**
   * A session that runs a command of a POSIX shell, until its channel is closed. What is at the other end of the
   * channel gets an end of input where the connection is lost, and goes on by itself. What a command prints last may be
   * lost where it ends before that was read: it should wait for the end of its input.
   * @throws TidemarkError where the host can't be reached, or runs no command.
   */
  open(command: string): Promise<Session>;
  /** Tells whom to ask for a session where there is no room for another: true where one is about to be freed. */
  onFull(free: () => boolean): void;
  /** The error for a program that is not there, with how to get it. */
  missing(program: string): TidemarkError;
}
