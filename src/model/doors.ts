/** Doors: peers that push to us. What such a source is called. Pure. */
import { normalizePath, refuseFolder } from './paths';

/** Into a claim: the Service by which it is reached, and its port. Nothing but the claim lies behind it. */
const CLAIM_DOOR = /^(ssh|rsync\+tls):\/\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?):(\d{1,5})\/?$/;

/** How whoever pushes comes: by SSH; or to an rsync daemon, through TLS with a key that both sides share. */
export type DoorScheme = 'ssh' | 'rsync+tls';

/** A door of a cluster, which leads into the target's claim itself. */
export interface ClaimDoor {
  scheme: DoorScheme;
  /** The name of its Service, in the claim's namespace. */
  service: string;
  port: number;
}

/** What the URL of a peer says, where it is a door into a claim. */
export function parseClaimDoor(url: string): ClaimDoor | undefined {
  const [, scheme, service, port] = CLAIM_DOOR.exec(url) ?? [];
  if (scheme === undefined || service === undefined) return undefined;
  return { scheme: scheme as DoorScheme, service, port: Number(port) };
}

/** Where rsync's daemon behind TLS listens, as VolSync has it: the volume is its module `data`. */
const TLS_PEER =
  /^rsync\+tls:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::(\d{1,5}))?\/data\/?$/;
const TLS_PORT = 8000;

/** What the URL of a peer says, where we push to it through TLS with a key that both sides share. */
export function parseTlsPeer(url: string): { address: string; port: number } | undefined {
  const [, bracketed, plain, port = String(TLS_PORT)] = TLS_PEER.exec(url) ?? [];
  const address = bracketed ?? plain;
  return address === undefined ? undefined : { address, port: Number(port) };
}

/** Without an account: whoever has the key pushes, to this address of the source's host. */
const DOOR = /^ssh:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::(\d{1,5}))?(\/.*)$/;

export interface DoorPlace {
  /** On which its sshd listens. */
  address: string;
  /** Undefined where none is named, which a spec may not do. */
  port: number | undefined;
  /** Absolute: what is pushed lies there. */
  folder: string;
}

/** What the URL of a peer says, where it is a door; undefined where it is an account of somebody else's. */
export function parseDoor(url: string): DoorPlace | undefined {
  const [, bracketed, plain, port, folder] = DOOR.exec(url) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || folder === undefined || parseClaimDoor(url)) return undefined;
  return { address, port: port === undefined ? undefined : Number(port), folder: normalizePath(folder) };
}

/** Why the URL of a source is no door; undefined where it is one, whether to a folder or into a claim. */
export function objectToDoor(url: string): string | undefined {
  if (parseClaimDoor(url)) return undefined;
  if (url.startsWith('rsync+tls:'))
    return 'must be the name of a Service and its port, as a source: rsync+tls://shop-door:8000';
  const door = parseDoor(url);
  if (!door)
    return url.includes('@')
      ? 'must have no account, as a source: whoever pushes logs in as the user of the agent; ssh://ADDRESS:PORT/FOLDER'
      : 'must be an address of the host and a folder, such as ssh://192.0.2.1:2222/srv/incoming/wiki';
  const { port, folder } = door;
  if (port === undefined || port < 1 || port > 65_535)
    return "must name a port of its own, such as ssh://192.0.2.1:2222/srv/incoming/wiki: the host's own sshd has 22";
  if (/^\/~(\/|$)/.test(folder)) return 'must have an absolute folder: nobody logs in where it begins';
  return refuseFolder(folder, 'target');
}
