import { parseImages } from './classic';
import { parseImageRows, parseRoot } from './containerd';
import { expandName } from './docker';

const ID = 'a'.repeat(64);
const LAYER = 'b'.repeat(64);

it('reads images of Podman and Docker, and leaves out what is none', () => {
  const text = [
    `sha256:${ID} 42 ["nginx:1","<none>:<none>"] ["sha256:${LAYER}"]`,
    `${LAYER} 7 null null`,
    'WARN[0000] something',
  ].join('\n');
  expect(parseImages(text)).toEqual([
    { id: ID, bytes: 42, names: ['nginx:1'], layers: [LAYER] },
    { id: LAYER, bytes: 7, names: [], layers: [] },
  ]);
});

it('reads images of containerd, and where it keeps them', () => {
  const text = [
    'REF   TYPE   DIGEST   SIZE   PLATFORMS   LABELS',
    `docker.io/library/x:1  application/vnd.oci.image.manifest.v1+json  sha256:${ID}  2.9 MiB  linux/amd64  -`,
  ].join('\n');
  expect(parseImageRows(text)).toEqual([
    { name: 'docker.io/library/x:1', mediaType: 'application/vnd.oci.image.manifest.v1+json', id: ID },
  ]);
  const plugins =
    'ID:  content\nExports:\n      root      /var/lib/containerd/io.containerd.content.v1.content\n';
  expect(parseRoot(plugins)).toBe('/var/lib/containerd');
  expect(parseRoot('')).toBeUndefined();
});

it.each([
  ['nginx:1', 'docker.io/library/nginx:1'],
  ['grafana/loki:3', 'docker.io/grafana/loki:3'],
  ['localhost/app:1', 'localhost/app:1'],
  ['registry:5000/app:1', 'registry:5000/app:1'],
  ['registry.example/app:1', 'registry.example/app:1'],
])('calls what Docker calls %s %s', (name, expanded) => expect(expandName(name)).toBe(expanded));
