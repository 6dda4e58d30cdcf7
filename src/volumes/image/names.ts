/** Names of images: those of users, and the ones by which Tidemark keeps images from being removed. Pure. */
import { createHash } from 'node:crypto';

/** No registry of this name will ever be asked. */
const OURS = 'tidemark.local';

/** 64 hexadecimal digits: a digest without its `sha256:`. */
export const HEX = /^[0-9a-f]{64}$/;

/** What a name may look like: never an option, never more than a word. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,511}$/;

/** The digest without `sha256:`; undefined for anything else. */
export function toHex(digest: string): string | undefined {
  const hex = digest.replace(/^sha256:/, '');
  return HEX.test(hex) ? hex : undefined;
}

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** A relationship's name as part of an image's, which allows less. */
export function slugOf(relationship: string): string {
  if (/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(relationship)) return relationship;
  return `x-${createHash('sha256').update(relationship).digest('hex').slice(0, 20)}`;
}

/** The name that keeps an image for a relationship: as long as it is there, the image is. */
export function keptName(relationship: string, id: string): string {
  return `${OURS}/${slugOf(relationship)}:${id}`;
}

/** The image that a name keeps for this relationship. */
export function parseKeptName(relationship: string, name: string): string | undefined {
  const prefix = `${OURS}/${slugOf(relationship)}:`;
  return name.startsWith(prefix) ? toHex(name.slice(prefix.length)) : undefined;
}

/**
 * What Podman calls an image for the moment between its import and its kept name: it takes the name of the
 * folder that it reads.
 */
export function isLandingName(relationship: string, name: string): boolean {
  const prefix = `localhost/tidemark-${slugOf(relationship)}-`;
  return name.startsWith(prefix) && /^\d+:latest$/.test(name.slice(prefix.length));
}

const LANDING = /^localhost\/tidemark-[a-z0-9._-]+-\d+:latest$/;

/** Made by Tidemark, whichever relationship: never copied on, never told as a user's. */
export function isOurs(name: string): boolean {
  return name.startsWith(`${OURS}/`) || LANDING.test(name);
}

/** Where a drill finds a point's images: each under this, then its own name. */
export function clonePrefix(relationship: string, cloneId: string): string {
  return `${OURS}/${slugOf(relationship)}/drills/${slugOf(cloneId)}`;
}

/** The name of an image in a drill: `tidemark.local/wiki/drills/d1/docker.io/library/nginx:1`. */
export function cloneName(prefix: string, name: string): string {
  // A registry's port, and its capitals, are not allowed but in the first part.
  const [first = '', ...rest] = name.split('@')[0]?.split('/') ?? [];
  if (rest.length === 0) return `${prefix}/${first}`;
  return [prefix, first.toLowerCase().replace(':', '_'), ...rest].join('/');
}
