import { checkParts } from '../../test/support/model/check-parts';
import { findShared, type OtherState, pageOf } from './others';

const repository = { repository: 's3:https://s3.example.net/wiki', credentials: 'wiki' };
const copy = { host: 'beta', directory: '/srv/wiki' };

function find(parts: Parameters<typeof checkParts>[0], request: Parameters<typeof findShared>[1] = {}) {
  const { relationship, problems } = checkParts(parts);
  if (!relationship) throw new Error(problems.join('\n'));
  return findShared(relationship, request);
}

describe('findShared', () => {
  it('asks the source’s host first, then any other of the relationship', () => {
    const found = find({ targets: [copy, repository] });
    expect(found).toMatchObject({ target: 'repository' });
    expect('places' in found && found.places.map(({ host }) => host)).toEqual(['alpha', 'beta']);
    expect('places' in found && found.places[1]?.volume).toMatchObject({
      ...{ kind: 'repository', path: repository.repository, options: { credentials: 'wiki' } },
    });
  });

  it('asks whoever is named alone, of the relationship or not', () => {
    const found = find({ targets: [copy, repository] }, { host: 'gamma' });
    expect('places' in found && found.places.map(({ host }) => host)).toEqual(['gamma']);
  });

  it('asks nobody but its own host for a folder, which may be another one elsewhere', () => {
    const found = find({ targets: [copy, { ...repository, repository: '/srv/backups' }] });
    expect('places' in found && found.places.map(({ host }) => host)).toEqual(['alpha']);
  });

  it('reads for a claim with the credentials of its namespace', () => {
    const found = find({
      source: { directory: undefined, pvc: 'shop/data' },
      targets: [{ host: 'east', pvc: 'spare/copy' }, repository],
    });
    const near = 'places' in found ? found.places.map(({ volume }) => volume.near?.path) : [];
    expect(near).toEqual(['shop/data', 'spare/copy']);
  });

  it('takes a source that is a repository, too', () => {
    const source = { ...repository, host: 'beta', directory: undefined };
    expect(find({ source, targets: [{ ...copy, directory: '/srv/found' }] })).toMatchObject({
      places: [{ host: 'beta' }],
    });
  });

  it('says what there is where nothing, or not one alone, is meant', () => {
    expect(find({ targets: [copy] })).toMatchObject({
      problem: 'relationship wiki has no repository: nobody else keeps states there',
    });
    expect(find({ targets: [copy, repository] }, { target: 'beta' })).toMatchObject({
      problem: expect.stringContaining('beta of wiki is a directory') as string,
    });
    expect(find({ targets: [copy, repository] }, { target: 'gamma' })).toMatchObject({
      hint: 'it has beta, repository, alpha',
    });
    const second = { ...repository, repository: 's3:https://s3.example.net/other', name: 'second' };
    expect(find({ targets: [repository, second] })).toMatchObject({
      problem: 'wiki has several repositories: repository, second',
    });
  });
});

describe('pageOf', () => {
  const made = (index: number): OtherState => ({
    ...{ name: `restic:${index}`, capturedAt: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString() },
    ...{ from: 'nas', paths: ['/srv'], tags: [] },
  });
  const all = Array.from({ length: 10_000 }, (_none, index) => made(index));

  it('tells the newest, and the next ones of the page after it, none twice and none left out', () => {
    const first = pageOf(all, { limit: 1000 });
    expect(first).toMatchObject({ total: 10_000, older: 9000 });
    expect(first.states[0]?.name).toBe('restic:9999');
    const before = first.states.at(-1)?.capturedAt ?? '';
    const second = pageOf(all, { limit: 1000, before });
    expect(second).toMatchObject({ total: 10_000, older: 8000 });
    expect(second.states[0]?.name).toBe('restic:8999');
  });

  it('never tells more than goes through at once, whatever each says of itself', () => {
    const paths = Array.from({ length: 100_000 }, (_none, index) => `/srv/${index}/${'x'.repeat(1000)}`);
    const tags = Array.from({ length: 100 }, () => 't'.repeat(60_000));
    const huge = all.slice(0, 2000).map((state) => ({ ...state, paths, tags }));
    const page = pageOf(huge, { limit: 1000 });
    expect(JSON.stringify(page).length).toBeLessThan(2 ** 19);
    expect(page.states.length).toBeGreaterThan(1);
    expect(page.states.length + page.older).toBe(2000);
    expect(page.states[0]).toMatchObject({ morePaths: 99_990, moreTags: 90 });
  });
});
