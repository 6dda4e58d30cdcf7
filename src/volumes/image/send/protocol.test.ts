import { errorOfType } from '../../../../test/support/expect-type';
import { GREETING, makeLandingCommand, SEPARATOR } from './landing-script';
import { countChanges, findMissing, type Held, KnownLayers, parseChecked, parseHeld } from './protocol';

const hex = (digit: string) => digit.repeat(64);
const [A, B, C] = [hex('a'), hex('b'), hex('c')];
const held = (engine: Held['engine'], layers: string[][]): Held => ({
  engine,
  blobs: new Set(),
  images: layers.map((each, index) => ({ id: hex(String(index)), names: [], layers: each, bytes: 1 })),
});

describe('what a target holds', () => {
  it('is read from its answer', () => {
    const set = {
      engine: 'docker',
      names: { 'docker.io/library/x:1': A },
      images: { [A]: { layers: [B], bytes: 1 } },
    };
    const text = [
      `${GREETING} docker`,
      `sha256:${A} 1 ["x:1"] ["sha256:${B}"]`,
      SEPARATOR,
      JSON.stringify({ set, found: [] }),
    ].join('\n');
    expect(parseHeld(text)).toMatchObject({
      engine: 'docker',
      images: [{ id: A, names: ['docker.io/library/x:1'], layers: [B] }],
      live: { names: set.names },
    });
  });

  it('is asked again where the answer is not whole', () => {
    for (const text of ['', `${GREETING} docker\n`, 'Welcome!\n==\n', `${GREETING} containerd\n==\n`])
      expect(() => parseHeld(text)).toThrow(errorOfType('TransferInterrupted'));
  });
});

describe('missing layers', () => {
  it('are for Podman those that no image has', () => {
    expect(new KnownLayers(held('podman', [[A, B]])).missing([B, C, C])).toEqual([C]);
  });

  it('are for Docker those that lie on others than before', () => {
    const known = new KnownLayers(held('docker', [[A, B]]));
    expect(known.missing([A, C])).toEqual([C]);
    expect(known.missing([B])).toEqual([B]);
    known.add([A, C]);
    expect(known.missing([A, C])).toEqual([]);
  });

  it('make an image missing, the smallest first', () => {
    const images = {
      [A]: { layers: [A, B], bytes: 9 },
      [B]: { layers: [A], bytes: 5 },
      [hex('0')]: { layers: [A], bytes: 1 },
    };
    const set = { engine: 'podman' as const, names: {}, images };
    expect(findMissing(set, held('podman', [[A]]))).toEqual([B, A]);
  });
});

it('counts names that differ, images without one, and names that go', () => {
  const images = { [A]: { layers: [], bytes: 1 }, [B]: { layers: [], bytes: 1 } };
  const set = { engine: 'podman' as const, names: { one: A, two: B }, images };
  expect(countChanges(set, undefined)).toEqual({ changed: 2, dropped: 0 });
  expect(countChanges(set, { names: { one: A, two: A, three: C }, images })).toEqual({
    changed: 1,
    dropped: 1,
  });
  expect(countChanges(set, set)).toEqual({ changed: 0, dropped: 0 });
});

it('reads what the target found in each image', () => {
  const checked = parseChecked(`image ${A}\n${B}  -\n${C}  -\nimage ${B}\nfailed\n`);
  expect(checked.get(A)).toEqual(new Set([B, C]));
  expect(checked.has(B)).toBe(true);
  expect(checked.get(B)).toBeUndefined();
});

describe('the command of a landing', () => {
  const given = {
    engine: 'podman' as const,
    command: ['podman', '--root', "/srv/it's"],
    folder: '/f',
    slug: 'wiki',
  };

  it('is one line with a fixed script: nothing that anybody wrote is in it', () => {
    const [shell, option, script = '', ...args] = makeLandingCommand(given);
    expect([shell, option, ...args]).toEqual(['sh', '-c', 'tidemark', '/f', 'wiki', '-', ...given.command]);
    expect(script).not.toMatch(/\n/);
    expect(makeLandingCommand({ ...given, slug: 'other', folder: '/g' })[2]).toBe(script);
  });
});
