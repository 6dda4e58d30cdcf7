import { makeDocument as makeRelationship, makeOutcome, makeSync } from '../../test/support/model/records';
import { recordSyncEnd } from './record-sync';
import { applyDocument, initialState, recordTakeover } from './relationship-state';

const NOW = '2026-11-21T10:00:00.000Z';

const makeDocument = (...targets: { host: string; directory?: string }[]) =>
  makeRelationship('wiki', {
    targets: targets.map((target) => ({ directory: '/srv/wiki', ...target })),
  });

/** What a relationship knows once a sync of these hosts succeeded. */
function makeSyncedState(...hosts: string[]) {
  const state = initialState('wiki');
  applyDocument(state, makeDocument(...hosts.map((host) => ({ host }))));
  const targets = hosts.map((host) => makeOutcome(host, []));
  recordSyncEnd(state, makeSync('wiki', 1, { targets }), NOW, () => 0);
  return state;
}

describe('changing the spec of a relationship', () => {
  test('keeps what is known of the targets that stay, and names the new ones', () => {
    const state = makeSyncedState('beta', 'gamma');
    const added = applyDocument(state, makeDocument({ host: 'beta' }, { host: 'delta' }));
    expect(added).toEqual(['delta']);
    expect(state.targets.map(({ name, result }) => [name, result])).toEqual([
      ['beta', 'succeeded'],
      ['delta', 'never'],
    ]);
    expect(state.history).toHaveLength(1);
  });

  test('a target that moved to another folder has never been synced', () => {
    const state = makeSyncedState('beta');
    expect(applyDocument(state, makeDocument({ host: 'beta', directory: '/srv/other' }))).toEqual(['beta']);
    expect(state.targets[0]).toMatchObject({ result: 'never' });
  });

  it('waits no more for an old primary that is gone from the spec: what stands in its place is a new target', () => {
    const state = initialState('wiki');
    const before = makeDocument({ host: 'beta' });
    applyDocument(state, before);
    const takeover = { target: 'beta', from: 'alpha', fenced: false, fencing: 'gone', at: NOW };
    recordTakeover(state, { ...takeover, pointId: null, capturedAt: null, workflowId: 'failover' }, 2);
    applyDocument(state, before);
    expect(state.takeover).toMatchObject({ from: 'alpha', fenced: false });
    applyDocument(state, {
      ...before,
      spec: { ...before.spec, source: { ...before.spec.source, host: 'delta' } },
    });
    expect(state.takeover).toBeUndefined();
    expect(state.targets.map(({ name }) => name)).toEqual(['delta']);
  });

  it('knows the primary by its volume, where the spec has come to name that as the source', () => {
    const state = initialState('wiki');
    const before = makeDocument({ host: 'beta' }, { host: 'gamma' });
    applyDocument(state, before);
    const takeover = {
      target: 'beta',
      from: 'alpha',
      fenced: false,
      at: NOW,
      pointId: null,
      capturedAt: null,
    };
    recordTakeover(state, { ...takeover, workflowId: 'failover' }, 2);
    const [beta, gamma] = before.spec.targets;
    const { host, directory } = beta ?? { host: '' };
    const after = (targets: typeof before.spec.targets) => ({
      ...before,
      spec: { ...before.spec, source: { ...before.spec.source, host, directory }, targets },
    });
    if (!gamma) throw new Error('no gamma');
    applyDocument(
      state,
      after([gamma, { ...gamma, host: 'alpha', directory: before.spec.source.directory, name: 'old' }]),
    );
    expect(state).toMatchObject({ takeover: { target: 'beta', from: 'old' } });
    expect(state.primary).toBeUndefined();
    applyDocument(state, after([gamma]));
    expect(state.takeover).toBeUndefined();
  });
});
