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

  describe('of a stream', () => {
    const snapshot = { createdAt: '', kind: 'snapshot', ours: true } as const;
    const stream = {
      source: [{ ...snapshot, identity: 'x', name: 'tank@x' }],
      target: [{ ...snapshot, identity: 'a', name: 'tank@a' }],
      ...{ targetExists: true, targetChanged: false, excluded: [] },
    };
    const limits = { maxDeletions: 500, targetEntries: 1001 };

    it('limits deletions on every rung, as for files', () => {
      const incremental = { ...stream, source: [...stream.target] };
      const full = { ...stream, withoutDelta: true };
      for (const [how, situation] of Object.entries({
        incremental,
        'delta-onto-clone': stream,
        'full-into-side': full,
      }))
        expect(planTransfer({ ...usual, stream: situation })).toMatchObject({ how, ...limits });
    });

    it('counts what an adopted copy holds, and has the mover count where nobody has', () => {
      const { newestPoint: _none, ...adopted } = { ...usual, stream };
      expect(planTransfer({ ...adopted, targetEntries: 1001 })).toMatchObject(limits);
      for (const uncounted of [adopted, { ...adopted, newestPoint: { files: 0 } }]) {
        expect(planTransfer(uncounted)).toMatchObject({ maxDeletionsPercent: 50 });
        expect(planTransfer(uncounted)).not.toHaveProperty('maxDeletions');
      }
    });

    it('sets no limit once approved, and where there is nothing to lose', () => {
      for (const situation of [
        { ...usual, stream, approved: true },
        { ...usual, stream, maxDeletes: '100%' },
        { ...usual, stream: { ...stream, target: [], targetExists: false } },
      ]) {
        expect(planTransfer(situation)).not.toHaveProperty('maxDeletions');
        expect(planTransfer(situation)).not.toHaveProperty('maxDeletionsPercent');
      }
    });
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
