import fc from 'fast-check';
import { planTransfer } from './plan-transfer';
import type { TransferSituation } from './plan-transfer';

const first: TransferSituation = {
  method: 'Snapshot',
  hasHardLinks: false,
  resuming: false,
  maxDeletes: '50%',
  approved: false,
};
const usual = { ...first, newestPoint: { files: 1001 } };

describe('planTransfer', () => {
  it('writes in place where recovery points keep the old state', () => {
    for (const method of ['Snapshot', 'Clone', 'HardLink'] as const) {
      expect(planTransfer({ ...usual, method }).writeMode).toBe('inPlace');
    }
  });

  it('never writes in place where names share an inode, or where nothing keeps the old state', () => {
    expect(planTransfer({ ...usual, hasHardLinks: true }).writeMode).toBe('delayed');
    expect(planTransfer({ ...usual, method: 'Direct' }).writeMode).toBe('delayed');
  });

  it('names the kind of transfer', () => {
    expect(planTransfer(first).how).toBe('full');
    expect(planTransfer(usual).how).toBe('incremental');
    expect(planTransfer({ ...usual, resuming: true }).how).toBe('resume');
    expect(planTransfer({ ...first, resuming: true }).how).toBe('resume');
  });

  it('limits deletions to the part of the newest point that the spec allows, rounded down', () => {
    expect(planTransfer(usual).maxDeletions).toBe(500);
    expect(planTransfer({ ...usual, maxDeletes: '0%' }).maxDeletions).toBe(0);
  });

  it('has the target count where files are compared that nobody has counted, and streams know no limit then', () => {
    const snapshot = { createdAt: '', kind: 'snapshot', ours: true } as const;
    const stream = {
      source: [{ ...snapshot, identity: 'x', name: 'tank@x' }],
      target: [{ ...snapshot, identity: 'a', name: 'tank@a' }],
      ...{ targetExists: true, targetChanged: false, excluded: [] },
    };
    const uncounted = planTransfer({ ...usual, newestPoint: { files: 0 }, stream });
    expect(uncounted).toMatchObject({ how: 'delta-onto-clone', maxDeletionsPercent: 50 });
    expect(uncounted).not.toHaveProperty('maxDeletions');
    expect(planTransfer({ ...usual, stream })).toMatchObject({ how: 'delta-onto-clone', maxDeletions: 500 });
    const approved = planTransfer({ ...usual, newestPoint: { files: 0 }, stream, approved: true });
    expect(approved).not.toHaveProperty('maxDeletionsPercent');
  });

  it('sets no limit for a first sync, once approved, or where all may go', () => {
    expect(planTransfer(first)).not.toHaveProperty('maxDeletions');
    expect(planTransfer({ ...usual, approved: true })).not.toHaveProperty('maxDeletions');
    expect(planTransfer({ ...usual, maxDeletes: '100%' })).not.toHaveProperty('maxDeletions');
  });

  it('never allows more than the share of the newest point', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(99), (files, percent) => {
        const { maxDeletions } = planTransfer({
          ...usual,
          newestPoint: { files },
          maxDeletes: `${percent}%`,
        });
        expect(maxDeletions! * 100).toBeLessThanOrEqual(files * percent);
        expect((maxDeletions! + 1.001) * 100).toBeGreaterThan(files * percent);
      }),
    );
  });
});
