import { checkParts } from '../../test/support/model/check-parts';
import { initialState } from './relationship-state';
import type { TargetStatus } from './status';
import { type ReadBack, recordReadBack, tellDetour } from './store-failover';

const store = { repository: 's3:https://s3.example.net/wiki', credentials: 'wiki-s3' };
const GIB = 2 ** 30;
const readBack: ReadBack = {
  ...{ how: 'verify', bytes: 10 * GIB, seconds: 120, host: 'alpha', at: '2026-11-20T08:00:00.000Z' },
};
const status: TargetStatus = {
  ...{ name: 'repository', host: 'alpha', volume: store.repository, result: 'succeeded' },
  ...{
    recoveryPoint: '20261121T080210Z-000042',
    capturedAt: '2026-11-21T08:02:10.000Z',
    pointBytes: 40 * GIB,
  },
};

function tell(about: TargetStatus | undefined, parts: Parameters<typeof checkParts>[0] = {}) {
  const { relationship, problems } = checkParts({ targets: [store], ...parts });
  const target = relationship?.spec.targets[0];
  if (!target) throw new Error(problems.join('\n'));
  return tellDetour('wiki', { source: relationship.spec.source, target }, about);
}

describe('tellDetour', () => {
  it('says what to type, from which point, and to whom', () => {
    const { message, hint } = tell(status);
    expect(message).toContain('no service can go on in it');
    expect(message).toContain('captured 2026-11-21T08:02:10.000Z, 40.0 GiB');
    expect(hint).toContain('HOST being any that has an agent and the credentials wiki-s3');
    expect(hint).toContain(
      'tidemark restore wiki --target repository --point 20261121T080210Z-000042 --to HOST:/path\n',
    );
    expect(hint).toContain('nothing writing to alpha:/srv/wiki');
    expect(hint).toContain('source: { host: HOST, directory: /path }');
  });

  it('tells the time that was measured, for as much as the point holds, and by whom', () => {
    expect(tell({ ...status, readBack }).message).toContain(
      'about 8m, going by what was measured last: alpha took 2m for 10.0 GiB (verify, 2026-11-20T08:00:00.000Z)',
    );
  });

  it('tells no time that nobody has measured, but how it is', () => {
    const { message } = tell(status);
    expect(message).toContain('was never measured: tidemark verify wiki --target repository measures it');
    expect(message).not.toContain('about');
  });

  it('makes no estimate for a point whose size it does not know', () => {
    const { pointBytes: _unknown, ...rest } = status;
    const { message } = tell({ ...rest, readBack });
    expect(message).toContain('alpha took 2m for 10.0 GiB');
    expect(message).not.toContain('about');
  });

  it('sends nobody to a restore where there is nothing to restore', () => {
    const never: TargetStatus = { ...status, result: 'never' };
    delete never.recoveryPoint;
    const { message, hint } = tell(never);
    expect(message).toContain('no recovery point yet');
    expect(hint).not.toContain('tidemark restore');
  });

  it('restores what was a claim to a claim', () => {
    const { hint } = tell(status, { source: { directory: undefined, pvc: 'shop/data' } });
    expect(hint).toContain('--to HOST:NAMESPACE/CLAIM');
    expect(hint).toContain('source: { host: HOST, pvc: NAMESPACE/CLAIM }');
  });
});

describe('recordReadBack', () => {
  it('keeps the newest, of its own target, and learns nothing from nothing', () => {
    const state = { ...initialState('wiki'), targets: [status, { ...status, name: 'other' }] };
    recordReadBack(state, 'repository', readBack);
    recordReadBack(state, 'repository', { ...readBack, bytes: 0, seconds: 1 });
    recordReadBack(state, 'repository', undefined);
    expect(state.targets.map((each) => each.readBack)).toEqual([readBack, undefined]);
  });
});
