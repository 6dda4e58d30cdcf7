/**
 * The order of test files on a machine that has never timed them. The longest come first, and then those that wait for whole
 * systems, so that no worker is left with a long one at the end, the others being idle. Of the latter, each kind is spread over
 * the run: some wait most of their time, and others keep the processors busy.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Each took more than two minutes where a whole run was measured; how long a file is tells nothing of these. */
const LONGEST = [
  ...['integration/kubernetes', 'conformance/zfs-children', 'integration/peer', 'conformance/zfs-mover'],
  ...[
    'docs/tour',
    'chaos/referee',
    'chaos/clock',
    'chaos/crash',
    'integration/failover',
    'workflows/failover',
  ],
  ...['conformance/over-ssh', 'conformance/block-mover', 'chaos/disk-full', 'integration/repository'],
  ...['chaos/source-gone', 'integration/hooks', 'conformance/image-docker', 'conformance/image-podman'],
  ...[
    'workflows/relocate',
    'chaos/switch-link-cut',
    'integration/temporal-ui',
    'conformance/directory-btrfs',
  ],
].map((name) => `/test/${name}.test.ts`);

const SLOW = [
  /\/test\/chaos\//,
  /\/test\/cluster\//,
  /\/test\/conformance\//,
  /\/test\/workflows\//,
  /\/test\/integration\//,
];

module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => LONGEST.findIndex((name) => path.endsWith(name));
    const longest = tests
      .filter((test) => rankOf(test) >= 0)
      .sort((one, other) => rankOf(one) - rankOf(other));
    const others = super.sort(tests.filter((test) => rankOf(test) < 0));
    const byKind = Map.groupBy(others, ({ path }) => SLOW.find((slow) => slow.test(path)));
    const quick = byKind.get(undefined) ?? [];
    byKind.delete(undefined);
    const slow = [...byKind.values()].flatMap((kind) =>
      kind.map((test, index) => ({ test, position: (index + 0.5) / kind.length })),
    );
    const spread = slow.sort((one, other) => one.position - other.position).map(({ test }) => test);
    return [...longest, ...spread, ...quick];
  }
};
