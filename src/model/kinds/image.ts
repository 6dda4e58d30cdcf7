import type { SpecValues } from '../spec-values';
import type { KindDeclaration } from './contract';

const engineOf = (id: string) => /^(podman|docker|containerd)/.exec(id)?.[0];

/** Containerd names images by what was downloaded, the others by what is in them. */
function objectToCopy(source: string, target: string): string | undefined {
  const [from, to] = [engineOf(source), engineOf(target)];
  if (!from || !to || (from === 'containerd') === (to === 'containerd')) return undefined;
  return `images of ${from} can't be copied to ${to}: they have other digests there`;
}

/** The images of a container engine. */
export const image = {
  endpoint: ({ imageStore }: SpecValues) =>
    imageStore.describe(
      'The volume: the images of a container engine on that host: `podman`, `docker` or `containerd`; with a storage root or a socket of its own after a colon.',
    ),
  movers: ['image'],
  // Two stores are one, or apart: none lies inside another.
  locate: (id: string) => ({ family: `image ${id}`, path: '/', noun: 'volume' }),
  isFolder: false,
  files: 'known-to-tool',
  isWrittenInPlace: false,
  onlyMethod: 'Snapshot',
  hasTrees: false,
  objectToCopy,
} as const satisfies KindDeclaration;
