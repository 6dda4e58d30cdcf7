import {
  type EngineImage,
  findUnfitting,
  identityOf,
  matchesPattern,
  planMoves,
  selectImages,
  sumBytes,
} from './image-set';

const hex = (digit: string) => digit.repeat(64);
const image = (digit: string, names: string[], layers = [digit], bytes = 10): EngineImage => ({
  id: hex(digit),
  names,
  layers: layers.map(hex),
  bytes,
});

describe('a pattern', () => {
  it.each([
    ['registry.example/team/*', 'registry.example/team/wiki:v1', true],
    ['registry.example/team/*:v1*', 'registry.example/team/wiki:v12', true],
    ['registry.example/team/*:v1*', 'registry.example/team/wiki:v2', false],
    ['registry.example/team/wiki', 'registry.example/team/wiki:v2', true],
    ['nginx', 'docker.io/library/nginx:latest', true],
    ['grafana/*', 'docker.io/grafana/loki:3', true],
    ['app', 'localhost/app:1', true],
    ['app', 'localhost/app2:1', false],
    ['registry:5000/*', 'registry:5000/app:1', true],
    ['ng?nx', 'docker.io/library/nginx:latest', true],
    ['a.b', 'localhost/axb:1', false],
  ])('%s fits %s: %s', (pattern, name, fits) => expect(matchesPattern(pattern, name)).toBe(fits));
});

describe('a selection', () => {
  const images = [
    image('1', ['registry.example/wiki:1', `tidemark.local/wiki:${hex('1')}`]),
    image('2', ['registry.example/blog:1']),
    image('3', []),
  ];
  const select = (names: string[], used: boolean) =>
    selectImages(images, { names, used }, new Set([hex('2'), hex('3')]));

  it('takes all that have a name where nothing is wished, and never the names of Tidemark', () => {
    expect(select([], false).names).toEqual({
      'registry.example/wiki:1': hex('1'),
      'registry.example/blog:1': hex('2'),
    });
  });

  it('takes what containers use, though it has no name', () => {
    const { names, images: chosen } = select([], true);
    expect(names).toEqual({ 'registry.example/blog:1': hex('2') });
    expect(Object.keys(chosen)).toEqual([hex('2'), hex('3')]);
  });

  it('takes an image that has no name but by its digest, where a pattern fits it or nothing is wished', () => {
    const kept = [`tidemark.local/wiki:${hex('4')}`];
    const pulled = { ...image('4', kept), digestNames: [`docker.io/library/nginx@sha256:${hex('a')}`] };
    const choose = (names: string[]) =>
      Object.keys(selectImages([pulled], { names, used: false }, new Set()).images);
    expect([choose(['nginx']), choose([]), choose(['apache'])]).toEqual([[hex('4')], [hex('4')], []]);
    expect(
      findUnfitting([pulled, ...images], [], { names: ['nginx', 'apache', '*/wiki'], used: false }),
    ).toEqual(['apache']);
  });

  it('takes what either wish takes', () => {
    expect(Object.keys(select(['*/wiki'], true).images)).toEqual([hex('1'), hex('2'), hex('3')]);
  });
});

it('the identity of a state is that of its names and images, in whatever order', () => {
  const one = { names: { a: hex('1'), b: hex('2') }, images: {} };
  expect(identityOf({ names: { b: hex('2'), a: hex('1') }, images: {} })).toBe(identityOf(one));
  expect(identityOf({ names: { a: hex('2'), b: hex('1') }, images: {} })).not.toBe(identityOf(one));
});

it('counts layers that images share once', () => {
  const images = [
    image('1', [], ['1'], 100),
    image('2', [], ['1', '2'], 130),
    image('3', [], ['1', '3'], 110),
  ];
  expect(sumBytes(images)).toBe(140);
});

describe('moves', () => {
  const now = new Map([
    ['same', hex('1')],
    ['old', hex('2')],
    ['moved', hex('9')],
    ['dropped', hex('3')],
    ['dropped and moved', hex('9')],
    ["somebody's", hex('8')],
  ]);
  const made = {
    same: hex('1'),
    old: hex('2'),
    moved: hex('2'),
    dropped: hex('3'),
    'dropped and moved': hex('3'),
  };
  const wanted = { same: hex('1'), old: hex('4'), moved: hex('4'), fresh: hex('5') };

  it('set what differs, drop what was made here, and tell what somebody moved', () => {
    expect(planMoves(now, wanted, [made])).toEqual({
      set: [
        ['old', hex('4')],
        ['moved', hex('4')],
        ['fresh', hex('5')],
      ],
      drop: ['dropped'],
      foreign: [['moved', hex('9')]],
    });
  });

  it('take what an attempt set that was cut off for their own', () => {
    expect(planMoves(now, wanted, [made, { moved: hex('9') }]).foreign).toEqual([]);
  });
});
