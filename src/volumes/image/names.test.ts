import {
  cloneName,
  clonePrefix,
  isLandingName,
  isName,
  isOurs,
  keptName,
  parseKeptName,
  slugOf,
} from './names';

const ID = 'a'.repeat(64);

it('a relationship whose name no image may have gets one that does', () => {
  expect(slugOf('wiki-2.main')).toBe('wiki-2.main');
  expect(slugOf('a..b')).toMatch(/^x-[0-9a-f]{20}$/);
  expect(slugOf('a..b')).not.toBe(slugOf('a.-b'));
});

it('finds the image that a name keeps, for its own relationship alone', () => {
  const name = keptName('wiki', ID);
  expect(parseKeptName('wiki', name)).toBe(ID);
  expect(parseKeptName('wik', name)).toBeUndefined();
  expect(parseKeptName('wiki', 'tidemark.local/wiki:latest')).toBeUndefined();
  expect(isOurs(name)).toBe(true);
});

it('tells what Podman called an image for a moment from names of users and of other relationships', () => {
  expect(isLandingName('wiki', 'localhost/tidemark-wiki-123:latest')).toBe(true);
  expect(isLandingName('wiki', 'localhost/tidemark-wiki-2-123:latest')).toBe(false);
  expect(isLandingName('wiki', 'localhost/tidemark-wiki:latest')).toBe(false);
  expect(isOurs('localhost/tidemark-wiki:latest')).toBe(false);
});

it('gives a drill names that every engine takes', () => {
  const prefix = clonePrefix('wiki', 'wiki-000007');
  expect(cloneName(prefix, 'Registry.example:5000/team/app:v1')).toBe(
    'tidemark.local/wiki/drills/wiki-000007/registry.example_5000/team/app:v1',
  );
});

it('takes nothing for a name that could be an option or more than a word', () => {
  expect(['-f', '--all', 'a b', 'a\nb', '', '/x'].filter(isName)).toEqual([]);
  expect(isName(`docker.io/library/nginx@sha256:${ID}`)).toBe(true);
});
