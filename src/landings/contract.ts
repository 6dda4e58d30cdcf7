/**
 * Landings: how a source may reach a target, for one transfer. A landing accepts one key, for one
 * exact command, until it is closed or expires.
 */

/** Where and how to connect. Public: the host key is what the source pins. */
export interface Landing {
  id: string;
  address: string;
  port: number;
  user: string;
  /** The target's host keys, one OpenSSH public key line each (`ssh-ed25519 AAAA…`). */
  hostKeys: string[];
  expiresAt: string;
  /** It is no landing of ours, but this account. */
  account?: Account;
}

/** An account of somebody else's, behind their own sshd or stunnel: nobody opens anything there, and what runs there they say. */
export interface Account {
  /** Names the key that it lets in, and the host keys that its owner vouches for. */
  credentials: string;
  /** Of a cluster: where these are. */
  namespace?: string;
  /** The folder, as a client there names it. */
  folder: string;
  /** It is a module of rsync's daemon, behind TLS, and the credentials are a key that both sides share. */
  isTls?: true;
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
