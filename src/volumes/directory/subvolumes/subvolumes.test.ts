import { partName, placeOfPart, ROOT_PART } from '../../btrfs/folders';
import { findStates } from '../../btrfs/states';
import {
  findRelatives,
  judgeIdentities,
  parseReadOnly,
  parseSubvolumes,
  parseTimes,
  type Subvolume,
} from './subvolumes';
import { findInner } from './trees';

const NONE = '-'.padEnd(36);
const id = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`;
const line = (number: number, path: string, { parent = NONE, received = NONE, uuid = id('a') } = {}) =>
  `ID ${number} gen 30 cgen ${number} top level 5 parent_uuid ${parent} received_uuid ${received} uuid ${uuid} path ${path}`;

describe('the list of subvolumes', () => {
  it('is read with the places where they are on the host, as far as the mount leads there', () => {
    const text = [
      line(256, '<FS_TREE>/@home/wiki'),
      line(257, '@home/wiki/inner one', { parent: id('a'), received: id('c'), uuid: id('b') }),
      line(258, '<FS_TREE>/@snapshots/wiki'),
      '',
    ].join('\n');
    expect(parseSubvolumes(text, { point: '/home', root: '/@home' })).toEqual([
      { id: 256, generation: 30, createdGeneration: 256, uuid: id('a'), path: '/home/wiki' },
      {
        ...{ id: 257, generation: 30, createdGeneration: 257, uuid: id('b'), path: '/home/wiki/inner one' },
        ...{ parentUuid: id('a'), receivedUuid: id('c') },
      },
      { id: 258, generation: 30, createdGeneration: 258, uuid: id('a') },
    ]);
  });

  it('tells by number which are read-only, and when snapshots were made', () => {
    expect(
      parseReadOnly('ID 257 gen 12 top level 5 path land/c1\nID 262 gen 22 top level 5 path r1\n'),
    ).toEqual(new Set([257, 262]));
    const told = 'ID 262 gen 22 cgen 21 top level 5 otime 2026-11-21 20:28:55 path r1\n';
    expect(parseTimes(told).get(262)).toBe('2026-11-21T20:28:55.000Z');
  });
});

function make(path: string, uuid: string, more: Partial<Subvolume> = {}): Subvolume {
  return { id: 1, generation: 1, createdGeneration: 1, readOnly: true, path, uuid, ...more };
}

describe('the states of a volume', () => {
  const live = make('/srv/wiki', 'live', { readOnly: false });

  it('are what descends from it, or from what it descends from, though that be gone', () => {
    const all = [
      { ...live, parentUuid: 'gone' },
      make('/srv/monday', 'monday', { parentUuid: 'live' }),
      make('/backup/sunday', 'sunday', { parentUuid: 'gone' }),
      make('/srv/db', 'db', { readOnly: false }),
      make('/srv/db.monday', 'db-monday', { parentUuid: 'db' }),
    ];
    expect(findRelatives(all, 'live').map(({ uuid }) => uuid)).toEqual(['live', 'monday', 'sunday']);
    expect(findStates(all, '/srv/wiki').map(({ path, ours }) => [path, ours])).toEqual([
      ['/srv/monday', false],
      ['/backup/sunday', false],
    ]);
  });

  it('are ours where they lie in the folders of the relationship, whole, and not put together of parts', () => {
    const at = (name: string) => `/srv/.tidemark/wiki/wiki/${name}`;
    const folders = {
      ...{ captures: at('captures'), trees: at('trees') },
      ...{ parts: at('parts'), incoming: at('incoming') },
    };
    const all = [
      live,
      make(at('captures/wiki-000001'), 'one'),
      make(at('captures/wiki-000002.1.partial'), 'partial', { parentUuid: 'live' }),
      make(at('trees/together'), 'together'),
      make(at('parts/together/volume'), 'outer'),
      make(at('parts/together/in,dmFy'), 'inner'),
      make(at('incoming/wiki-000003'), 'incoming'),
    ];
    expect(findStates(all, '/srv/wiki', folders).map(({ subvolume }) => subvolume.uuid)).toEqual([
      'one',
      'outer',
    ]);
  });
});

describe('what another tool received', () => {
  const live = make('/srv/wiki', 'live', { readOnly: false });
  const beside = make('/srv/wiki@1', 'one', { receivedUuid: 'sent-1' });
  const elsewhere = make('/backup/wiki@1', 'other', { receivedUuid: 'sent-2' });
  const found = (all: Subvolume[], isSource?: boolean) =>
    findStates(all, '/srv/wiki', undefined, isSource).map(({ subvolume }) => subvolume.uuid);

  it('beside a target is a state that it holds, and at a source it is none of its own', () => {
    expect(found([live, beside, elsewhere])).toEqual(['one']);
    expect(found([live, beside, elsewhere], true)).toEqual([]);
  });

  it('is a state where it is the replica itself, as long as nobody can write to it', () => {
    const received = make('/srv/wiki', 'live', { receivedUuid: 'sent-3' });
    expect(found([received])).toEqual(['live']);
    expect(found([{ ...received, readOnly: false }])).toEqual([]);
  });
});

describe('the subvolumes inside of a volume', () => {
  it('are its content, but for snapshots of itself, what is inside of those, and folders of Tidemark', () => {
    const all = [
      make('/srv/wiki', 'live', { readOnly: false }),
      make('/srv/wiki/var', 'var', { readOnly: false }),
      make('/srv/wiki/var/lib', 'lib', { readOnly: false }),
      make('/srv/wiki/.snapshots', 'snapshots', { readOnly: false }),
      make('/srv/wiki/.snapshots/1/snapshot', 'snapshot', { parentUuid: 'live' }),
      make('/srv/wiki/.tidemark', 'meta', { readOnly: false }),
      make('/srv/wiki/.tidemark/wiki/captures/1', 'capture', { parentUuid: 'live' }),
      make('/srv/wikipedia', 'other', { readOnly: false }),
    ];
    const places = (subvolumes: Subvolume[]) => findInner(subvolumes, '/srv/wiki').map(({ place }) => place);
    expect(places(all)).toEqual(['.snapshots', 'var', 'var/lib']);
    // A volume that was demoted is read-only with all of its content.
    expect(places(all.map((each) => ({ ...each, readOnly: true })))).toEqual([
      '.snapshots',
      'var',
      'var/lib',
    ]);
  });

  it('have names that tell their places, and none that leads out of the tree', () => {
    for (const place of ['', 'var', 'home of all/über', 'a/b/c']) {
      expect(placeOfPart(partName(place) ?? '?')).toBe(place);
    }
    expect(partName('')).toBe(ROOT_PART);
    expect(partName('x'.repeat(200))).toBeUndefined();
    const named = (place: string) => `in,${Buffer.from(place).toString('base64url')}`;
    for (const name of [
      'wiki-000001',
      'in,',
      named('../etc'),
      named('/etc'),
      named('a//b'),
      named('a/./b'),
    ]) {
      expect(placeOfPart(name)).toBeUndefined();
    }
  });
});

describe('the identity that a subvolume was received with', () => {
  const received = { receivedUuid: 'sent' };
  const judge = (all: Subvolume[], itself: number[] = []) =>
    Object.fromEntries(judgeIdentities(all, new Set(itself)).map((each) => [each.uuid, each.receivedUuid]));

  it('is its own as long as nobody can write to it, and that of its snapshots', () => {
    const all = [
      make('/srv/wiki@1', 'one', received),
      make('/srv/copy', 'copy', { ...received, parentUuid: 'one' }),
      make('/srv/next', 'next', { receivedUuid: 'sent-next', parentUuid: 'one' }),
    ];
    expect(judge(all)).toEqual({ one: 'sent', copy: 'sent', next: 'sent-next' });
  });

  it('is nothing that says what is in a subvolume which can be written to, nor in its snapshots', () => {
    const all = [
      make('/srv/wiki', 'live', { ...received, readOnly: false }),
      make('/srv/.tidemark/wiki/wiki/captures/1', 'capture', { ...received, parentUuid: 'live' }),
      make('/srv/again', 'again', { ...received, parentUuid: 'capture' }),
    ];
    expect(judge(all)).toEqual({ live: undefined, capture: undefined, again: undefined });
    expect(judgeIdentities(all, new Set()).every(({ borrowsIdentity }) => borrowsIdentity)).toBe(true);
  });

  it('is told by when it was received where what it was made of is gone', () => {
    const all = [
      make('/srv/wiki@2', 'two', { ...received, parentUuid: 'gone', id: 2 }),
      make('/srv/wiki@3', 'three', { ...received, parentUuid: 'gone', id: 3 }),
      make('/srv/.tidemark/wiki/wiki/trees/sent', 'tree', { ...received, parentUuid: 'gone', id: 4 }),
    ];
    expect(judge(all, [2])).toEqual({ two: 'sent', three: undefined, tree: 'sent' });
  });
});
