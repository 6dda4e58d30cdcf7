/**
 * The order of test files on a machine that has never timed them: those that wait for whole systems come
 * first, so that no worker is left with a long one at the end, the others being idle.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const SLOW = [/\/test\/chaos\//, /\/test\/conformance\//, /\/test\/workflows\//, /\/test\/integration\//];

const rank = ({ path }) => (SLOW.findIndex((slow) => slow.test(path)) + SLOW.length + 1) % (SLOW.length + 1);

module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
