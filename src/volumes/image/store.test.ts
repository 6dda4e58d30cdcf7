import { isCompatible, makeCommand, parseStore } from './store';

it.each([
  ['podman', ['podman']],
  ['podman:/srv/images', ['podman', '--root', '/srv/images']],
  ['docker', ['docker']],
  ['docker:/run/d.sock', ['docker', '--host', 'unix:///run/d.sock']],
  ['containerd', ['ctr', '--namespace', 'default']],
  ['containerd:/run/c.sock#k8s.io', ['ctr', '--address', '/run/c.sock', '--namespace', 'k8s.io']],
])('%s is reached by its own tool', (path, command) =>
  expect(makeCommand(parseStore(path))).toEqual(command),
);

it.each(['', 'rkt', 'podman:images', 'docker:/run/d.sock#k8s.io', 'containerd:/run/c.sock#--all'])(
  'refuses %p as a store',
  (path) => expect(() => parseStore(path)).toThrow('not an image store'),
);

it('knows which engines name images alike', () => {
  expect(isCompatible('podman', 'docker')).toBe(true);
  expect(isCompatible('containerd', 'containerd')).toBe(true);
  expect(isCompatible('docker', 'containerd')).toBe(false);
});
