/**
 * Landings: how a source may reach a target, for one transfer. A landing accepts one key, for one
 * exact command, until it is closed or expires.
 */

import type { Keeps } from '../model/keeps';

/** Where and how to connect. Public: the host key is what the source pins. */
export interface Landing {
  /** What can be kept of what lands here; undefined where nobody tried. */
  keeps?: Keeps;
  id: string;
  address: string;
  port: number;
  user: string;
  /** The target's host keys, one OpenSSH public key line each (`ssh-ed25519 AAAA…`). */
  hostKeys: string[];
  expiresAt: string;
  /** Of a stream that was cut off here, where the target's storage can resume it. */
  resumeToken?: string;
  /** Nothing was there when it was opened, so that everything has to be sent, and nothing can be deleted. */
  isEmpty?: boolean;
  /** The landing answers a list of files that others wrote to, whose content is to be compared. */
  hasWritten?: boolean;
  /** Of a stream of datasets: by part, the identity of the state that each goes on from, or of what is read. */
  bases?: Record<string, string>;
  /**
   * What answers here is rsync, whatever the mover: files are compared. How it writes, and how much it deletes at
   * most, as the target found when it looked at its files.
   */
  rsync?: { writeMode: 'inPlace' | 'delayed' | 'verify'; maxDeletions?: number };
}

/** What a landing accepts. */
export interface LandingRequest {
  /** Stable for one transfer: opening it again replaces the earlier one. */
  id: string;
  publicKey: string;
  /** Run as it is, whatever the client asks for. */
  command: readonly string[];
  /** Marks the command's processes, so that `Host.endAttempts` finds them. */
  attempt: string;
  expiresAt: string;
}

/** The landings of one host. */
export interface Landings {
  open(request: LandingRequest): Promise<Landing>;
  /** Withdraws the key, so that no new connection is accepted. Nothing there is not an error. */
  close(id: string): Promise<void>;
  /** Closes all that have expired. Returns how many. */
  sweep(now: Date): Promise<number>;
}
