/** What Podman and Docker have in common: their tools take the same words. */
import type { Subject } from './engine';
import { isUnknown } from './failures';
import type { EngineImage } from './image-set';
import { toHex } from './names';
import { runEngine } from './run-engine';

/** One line of an image, in the templates of both. */
export const IMAGE_FORMAT =
  '{{.Id}} {{.Size}} {{json .RepoTags}} {{json .RootFS.Layers}} {{json .RepoDigests}}';

/** More would be too long for one command. */
const IMAGES_AT_ONCE = 500;
/** An image may be removed between listing and looking. */
const LOOKS = 3;

/** Reads lines of {@link IMAGE_FORMAT}; others are left out. */
export function parseImages(text: string): EngineImage[] {
  return text.split('\n').flatMap((line) => {
    const [digest = '', size, names, layers, digests = '[]'] = line.trim().split(' ');
    const id = toHex(digest);
    if (id === undefined || !names || !layers) return [];
    const digestNames = ((JSON.parse(digests) ?? []) as string[]).filter((name) => !name.includes('<none>'));
    return [
      {
        id,
        ...(digestNames.length > 0 && { digestNames }),
        bytes: Number(size) || 0,
        names: ((JSON.parse(names) ?? []) as string[]).filter((name) => !name.includes('<none>')),
        layers: ((JSON.parse(layers) ?? []) as string[]).map((layer) => toHex(layer) ?? layer),
      },
    ];
  });
}

/** All images that have a name, or are nobody's lower part. */
export async function listImages(subject: Subject): Promise<EngineImage[]> {
  for (let look = 1; ; look++) {
    const { stdout } = await runEngine(subject, ['image', 'ls', '--quiet', '--no-trunc']);
    const ids = [
      ...new Set(
        stdout
          .toString()
          .split('\n')
          .flatMap((line) => toHex(line.trim()) ?? []),
      ),
    ];
    const images: EngineImage[] = [];
    let hasVanished = false;
    for (let at = 0; at < ids.length; at += IMAGES_AT_ONCE) {
      const args = ['image', 'inspect', '--format', IMAGE_FORMAT, ...ids.slice(at, at + IMAGES_AT_ONCE)];
      const result = await runEngine(subject, args, {}, isUnknown);
      hasVanished ||= result.exitCode !== 0;
      images.push(...parseImages(result.stdout.toString()));
    }
    // A manifest list is answered as one of its images, which is there by itself too.
    const byId = new Map(images.map((image) => [image.id, image]));
    if (!hasVanished || look >= LOOKS) return [...byId.values()];
  }
}

/** The digests in what a command printed, one a line. */
export function parseDigests(text: string): Set<string> {
  return new Set(text.split('\n').flatMap((line) => toHex(line.trim()) ?? []));
}
