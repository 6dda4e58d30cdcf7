/**
 * The order of test files on a machine that has never timed them. Those that wait for whole systems come first, so that no
 * worker is left with a long one at the end, the others being idle. Of these, each kind is spread over the run: some wait
 * most of their time, and others keep the processors busy.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const SLOW = [
  /\/test\/chaos\//,
  /\/test\/cluster\//,
  /\/test\/conformance\//,
  /\/test\/workflows\//,
  /\/test\/integration\//,
];

module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const byKind = Map.groupBy(super.sort(tests), ({ path }) => SLOW.find((slow) => slow.test(path)));
    const quick = byKind.get(undefined) ?? [];
    byKind.delete(undefined);
    const slow = [...byKind.values()].flatMap((kind) =>
      kind.map((test, index) => ({ test, position: (index + 0.5) / kind.length })),
    );
    return [...slow.sort((one, other) => one.position - other.position).map(({ test }) => test), ...quick];
  }
};
