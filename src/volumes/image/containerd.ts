/** Containerd, by `ctr`, one namespace of it. */
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Engine, Subject } from './engine';
import { isUnknown } from './failures';
import type { EngineImage } from './image-set';
import { toHex } from './names';
import { runEngine } from './run-engine';

const DescriptorSchema = z.object({ digest: z.string(), size: z.number().default(0) });

/** A manifest, or an index of manifests for several platforms. */
const DocumentSchema = z.object({
  config: DescriptorSchema.optional(),
  layers: z.array(DescriptorSchema).default([]),
  manifests: z.array(DescriptorSchema).default([]),
});

/** A row of `ctr images ls`. */
export interface ImageRow {
  name: string;
  mediaType: string;
  /** 64 hexadecimal digits. */
  id: string;
}

/** Reads `ctr images ls`: what stands in a row is told apart by blanks. */
export function parseImageRows(text: string): ImageRow[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', mediaType = '', digest = ''] = line.split(/\s+/);
    const id = toHex(digest);
    return id !== undefined && mediaType.startsWith('application/') ? [{ name, mediaType, id }] : [];
  });
}

async function readDocument(
  subject: Subject,
  id: string,
): Promise<z.output<typeof DocumentSchema> | undefined> {
  const result = await runEngine(subject, ['content', 'get', `sha256:${id}`], {}, isUnknown);
  return result.exitCode === 0 ? DocumentSchema.parse(JSON.parse(result.stdout.toString())) : undefined;
}

/**
 * All blobs that an image is made of, the manifest first; of an image for several platforms those that are
 * here. Undefined where its manifest itself is not.
 */
async function readBlobs(
  subject: Subject,
  id: string,
  onLacking: () => void,
): Promise<Map<string, number> | undefined> {
  const document = await readDocument(subject, id);
  if (!document) return undefined;
  const blobs = new Map([[id, 0]]);
  for (const { digest, size } of [...(document.config ? [document.config] : []), ...document.layers]) {
    blobs.set(toHex(digest) ?? digest, size);
  }
  for (const { digest } of document.manifests) {
    const inner = await readBlobs(subject, toHex(digest) ?? digest, onLacking);
    if (!inner) onLacking();
    for (const [blob, size] of inner ?? []) blobs.set(blob, size);
  }
  return blobs;
}

export async function listRows(subject: Subject): Promise<ImageRow[]> {
  return parseImageRows((await runEngine(subject, ['images', 'ls'])).stdout.toString());
}

/** Where the content store lies says where containerd keeps everything. */
export function parseRoot(text: string): string | undefined {
  const content = /^\s*root\s+(\/.*\/io\.containerd\.content\.v1\.content)\s*$/m.exec(text)?.[1];
  return content === undefined ? undefined : dirname(content);
}

export const containerdEngine: Engine = {
  async locate(subject) {
    const { stdout } = await runEngine(subject, ['plugins', 'ls', '--detailed', 'id==content']);
    return { exists: true, root: parseRoot(stdout.toString()) ?? '/var/lib/containerd', storage: 'content' };
  },

  async images(subject) {
    const byId = new Map<string, EngineImage>();
    for (const { name, id } of await listRows(subject)) {
      const known = byId.get(id);
      if (known) {
        known.names.push(name);
        continue;
      }
      let lacking = 0;
      const blobs = await readBlobs(subject, id, () => lacking++);
      const bytes = [...(blobs?.values() ?? [])].reduce((sum, size) => sum + size, 0);
      byId.set(id, { id, names: [name], layers: [...(blobs?.keys() ?? [])], bytes, lacking });
    }
    return [...byId.values()];
  },

  async usedIds(subject, images) {
    const { stdout } = await runEngine(subject, ['containers', 'ls']);
    const names = new Set(
      stdout
        .toString()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s+/)[1]),
    );
    return new Set(images.filter((image) => image.names.some((name) => names.has(name))).map(({ id }) => id));
  },

  async tag(subject, { names: [known] }, name) {
    if (known === undefined || known === name) return;
    await runEngine(subject, ['images', 'tag', '--force', known, name]);
  },

  async untag(subject, name) {
    await runEngine(subject, ['images', 'rm', name], {}, isUnknown);
    return true;
  },
};
