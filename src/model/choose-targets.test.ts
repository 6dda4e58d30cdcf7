import { makeDocument } from '../../test/support/model/records';
import { chooseTargets } from './choose-targets';

const { targets } = makeDocument('wiki', {
  targets: [
    { host: 'beta', directory: '/srv/wiki' },
    { host: 'gamma', directory: '/srv/wiki', class: 'drpnode' },
  ],
}).spec;

test('names, classes and their plurals are understood; none means all', () => {
  expect(chooseTargets(targets, undefined).chosen).toEqual(['beta', 'gamma']);
  expect(chooseTargets(targets, ['beta']).chosen).toEqual(['beta']);
  expect(chooseTargets(targets, ['drpnodes']).chosen).toEqual(['gamma']);
});

test('an unknown name is told', () => {
  expect(chooseTargets(targets, ['betta']).unknown).toEqual(['betta']);
});
