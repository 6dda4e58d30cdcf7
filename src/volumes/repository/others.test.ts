import { describeOthers, type OtherSnapshot } from './others';

const snapshot = (id: string, more: Partial<OtherSnapshot> = {}): OtherSnapshot => ({
  ...{ id: id.padEnd(64, '0'), time: '2026-11-21T09:02:10.123456789+01:00', hostname: 'nas' },
  ...{ tags: [], paths: ['/srv'], excludes: [], ...more },
});

describe('describeOthers', () => {
  it('tells what restic says of them, by the name that a restore takes', () => {
    const summary = { total_files_processed: 7, total_bytes_processed: 2048 };
    expect(describeOthers([snapshot('1a2b3c4d', { tags: ['mine'], summary })], 'wiki')).toEqual([
      {
        ...{ name: 'restic:1a2b3c4d', capturedAt: '2026-11-21T08:02:10.123Z', from: 'nas', paths: ['/srv'] },
        ...{ tags: ['mine'], bytes: 2048, files: 7 },
      },
    ]);
  });

  it('leaves out what is the relationship’s own, and tells whose Tidemark’s others are, without its notes', () => {
    const of = (name: string) => ['tidemark', `relationship=${name}`, 'sync=x', 'root=y', 'stamp=z'];
    const found = describeOthers(
      [snapshot('11111111', { tags: of('wiki') }), snapshot('22222222', { tags: of('shop') })],
      'wiki',
    );
    expect(found.map(({ name, tags }) => [name, tags])).toEqual([
      ['restic:22222222', ['tidemark', 'relationship=shop']],
    ]);
  });

  it('calls two by their whole ids that begin alike', () => {
    const found = describeOthers([snapshot('1a2b3c4d1'), snapshot('1a2b3c4d2')], 'wiki');
    expect(found.map(({ name }) => name)).toEqual([
      `restic:${'1a2b3c4d1'.padEnd(64, '0')}`,
      `restic:${'1a2b3c4d2'.padEnd(64, '0')}`,
    ]);
  });
});
