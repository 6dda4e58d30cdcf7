/** What goes over a landing, and what a transfer has to bring. Pure. */
import { z } from 'zod';
import { TidemarkError } from '../../../model/errors';
import { parseImages } from '../classic';
import { parseImageRows } from '../containerd';
import { expandName } from '../docker';
import { type EngineImage, type ImageSet, ImageSetSchema } from '../image-set';
import { toHex } from '../names';
import { type EngineKind, ENGINES } from '../store';
import { GREETING, SEPARATOR } from './landing-script';

/** What a target holds. */
export interface Held {
  engine: EngineKind;
  images: EngineImage[];
  /** Of containerd: every blob that it has. */
  blobs: ReadonlySet<string>;
  /** What the names were last set to. */
  live?: Pick<ImageSet, 'names' | 'images'>;
}

const LiveSchema = z.object({ set: ImageSetSchema });

/** Reads the answer to `list`. @throws TidemarkError `TransferInterrupted` where it is not whole. */
export function parseHeld(text: string): Held {
  const parts = text.split(new RegExp(`^${SEPARATOR}$`, 'm'));
  const [greeting = '', ...lines] = (parts[0] ?? '').split('\n');
  const engine = ENGINES.find((kind) => greeting === `${GREETING} ${kind}`);
  if (!engine || parts.length !== (engine === 'containerd' ? 3 : 2)) {
    throw new TidemarkError('TransferInterrupted', 'the target did not say what images it has', {
      toolMessage: text.slice(0, 500),
      hint: 'it is asked again automatically',
    });
  }
  const rest = lines.join('\n');
  const live = (parts.at(-1) ?? '').trim();
  const isContainerd = engine === 'containerd';
  const blobs = isContainerd ? (parts[1] ?? '').split('\n').flatMap((line) => toHex(line.trim()) ?? []) : [];
  const classic = isContainerd ? [] : parseImages(rest);
  return {
    engine,
    images: isContainerd
      ? parseImageRows(rest).map(({ name, id }) => ({ id, names: [name], layers: [], bytes: 0 }))
      : classic.map((image) =>
          engine === 'docker' ? { ...image, names: image.names.map(expandName) } : image,
        ),
    blobs: new Set(blobs),
    ...(live && { live: LiveSchema.parse(JSON.parse(live)).set }),
  };
}

/** Layers that need not be sent, by what makes an engine find them again. */
export class KnownLayers {
  private readonly known: Set<string>;

  constructor(private readonly held: Held) {
    this.known = new Set(held.blobs);
    for (const { layers } of held.images) this.add(layers);
  }

  /** Docker finds a layer only upon the same layers below; the others find it wherever it is. */
  private keysOf(layers: readonly string[]): string[] {
    return this.held.engine === 'docker'
      ? layers.map((_, index) => layers.slice(0, index + 1).join())
      : [...layers];
  }

  add(layers: readonly string[]): void {
    for (const key of this.keysOf(layers)) this.known.add(key);
  }

  /** The layers that the target lacks, each once. */
  missing(layers: readonly string[]): string[] {
    const keys = this.keysOf(layers);
    return [...new Set(layers.filter((_, index) => !this.known.has(keys[index] ?? '')))];
  }
}

/** The images of a state that the target has not whole, the small ones first, as others may be built on them. */
export function findMissing(set: ImageSet, held: Held): string[] {
  const known = new KnownLayers(held);
  const there = new Set(held.images.map(({ id }) => id));
  return Object.entries(set.images)
    .filter(([id, { layers }]) => !there.has(id) || known.missing(layers).length > 0)
    .sort(([, one], [, other]) => one.bytes - other.bytes)
    .map(([id]) => id);
}

/** Names that differ from what the target had last, and those that it is to lose. */
export function countChanges(set: ImageSet, live: Held['live']): { changed: number; dropped: number } {
  const before = live?.names ?? {};
  const changed = Object.entries(set.names).filter(([name, id]) => before[name] !== id).length;
  const nameless = Object.keys(set.images).filter((id) => !live?.images[id]).length;
  const dropped = Object.keys(before).filter((name) => set.names[name] === undefined).length;
  return { changed: Math.max(changed, nameless), dropped };
}

/** Reads the answer to `check`: the digests of what is in each image; undefined for one that can't be read. */
export function parseChecked(text: string): Map<string, Set<string> | undefined> {
  const checked = new Map<string, Set<string> | undefined>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    const [word = '', id] = line.trim().split(/\s+/);
    if (word === 'image' && id) {
      current = id;
      checked.set(id, new Set());
    } else if (word === 'failed' && current) checked.set(current, undefined);
    else if (current && toHex(word)) checked.get(current)?.add(word);
  }
  return checked;
}
