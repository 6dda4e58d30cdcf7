/** Where things lie in a bucket. Pure. What is Tidemark's own is below one folder; everything else is data, at its own name. */
import { createHash } from 'node:crypto';

/** What is ours in a bucket. */
export const OWN_FOLDER = '.tidemark';
/** Small files that never change: claims, points, what was verified. */
export const NOTES = `${OWN_FOLDER}/notes`;
/** Manifests of states. */
export const STATES = `${OWN_FOLDER}/states`;
/** What later states have replaced, by the state that it belongs to. */
const KEPT = `${OWN_FOLDER}/kept`;
/** Files whose names no store could be trusted with. */
const ODD = `${OWN_FOLDER}/odd`;

/**
 * Characters that rclone writes differently to some stores, so that they do not come back as they were: control characters,
 * their pictures, its own mark of what it changed, and the wide forms.
 */
// eslint-disable-next-line no-control-regex -- these are what is meant
const CHANGED = /[\u0000-\u001f\u007f\u201b\u2400-\u2426\uff00-\uffef\ufffd]/;
/** As S3 has it: bytes of a key, less what lies in front of it. */
const MAX_KEY_BYTES = 800;
const MAX_NAME_BYTES = 240;

/** @param path bytes, one character each (`latin1`) */
export function toText(path: string): string | undefined {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

/** A name that does not come to a store, or back from it, as it is. */
export const isChangedByStores = (text: string): boolean => CHANGED.test(text);

const isOddName = (name: string): boolean =>
  /^[\s~]|[\s.]$/.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES;

/** Whether a file lies in the bucket at a name of ours, since its own would not come back as it is. */
export function isOdd(path: string): boolean {
  const text = toText(path);
  if (text === undefined || CHANGED.test(text) || path.length > MAX_KEY_BYTES) return true;
  return text.split('/').some(isOddName);
}

/**
 * The key of a file in the bucket, below its folder.
 * @param path bytes, one character each (`latin1`)
 */
export const keyOf = (path: string): string =>
  isOdd(path) ? `${ODD}/${hashOf(path)}` : (toText(path) ?? '');

const hashOf = (path: string): string => createHash('sha256').update(path, 'latin1').digest('hex');

/** Of a state: sorts by its number. The nonce tells two writers apart that did not see each other. */
export const makeStateId = (number: number, nonce: string): string =>
  `${String(number).padStart(10, '0')}-${nonce}`;

/** Stands for what was there before the first state. */
export const NO_STATE = makeStateId(0, '0');

export const numberOf = (stateId: string): number => Number(stateId.slice(0, stateId.indexOf('-')));

export const isStateId = (text: string): boolean => /^\d{10}-[0-9a-f]+$/.test(text);

const MANIFEST = '.jsonl.gz';

export const manifestKey = (stateId: string): string => `${STATES}/${stateId}${MANIFEST}`;

/** The state whose manifest lies at a key. */
export function stateAt(key: string): string | undefined {
  if (!key.startsWith(`${STATES}/`) || !key.endsWith(MANIFEST)) return undefined;
  const id = key.slice(STATES.length + 1, -MANIFEST.length);
  return isStateId(id) ? id : undefined;
}

/** Where a writer puts what it replaces: `replaced` is the state that was there, `by` the one that comes. */
export interface KeptFolder {
  replaced: string;
  by: string;
}

/** The folder into which a key is moved as it is replaced. Below it, the key is what it was. */
export const keptFolder = ({ replaced, by }: KeptFolder): string => `${KEPT}/${replaced}.${by}`;

/** Of a key in a folder of what was replaced: which folder, and what the key was. */
export function parseKept(key: string): (KeptFolder & { key: string }) | undefined {
  if (!key.startsWith(`${KEPT}/`)) return undefined;
  const [folder = '', ...rest] = key.slice(KEPT.length + 1).split('/');
  const [replaced = '', by = '', ...more] = folder.split('.');
  if (!isStateId(replaced) || !isStateId(by) || more.length > 0) return undefined;
  return { replaced, by, key: rest.join('/') };
}

/** Whether a key is a file's, at its own name or at one of ours; not a note, a manifest, or something that was replaced. */
export const isFileKey = (key: string): boolean =>
  !key.startsWith(`${OWN_FOLDER}/`) || key.startsWith(`${ODD}/`);
