import { match } from './match';

const FOUND = {
  status: {
    lastManualSync: 'second',
    logs: 'one\nsnapshot 1a2b saved',
    conditions: [{ type: 'A' }, { type: 'B', n: 2 }],
  },
  data: { '': 'empty', group: '' },
};

test.each([
  ['what is named is there', { status: { lastManualSync: 'second' } }],
  ['a pattern', { status: { logs: '/snapshot [0-9a-f]+ saved/' } }],
  ['a field that is not there', { status: { nextSyncTime: null } }],
  ['one of a list, in whatever order', { status: { conditions: [{ n: 2 }, { type: 'A' }] } }],
  ['an empty text', { data: { group: '' } }],
])('an object matches: %s', (_, expected) => {
  expect(match(expected, FOUND)).toEqual([]);
});

test.each([
  [{ status: { lastManualSync: 'first' } }, 'status.lastManualSync is "second", not first'],
  [{ status: { logs: '/^snapshot/' } }, 'status.logs is "one\\nsnapshot 1a2b saved", not /^snapshot/'],
  [{ status: { lastManualSync: null } }, 'status.lastManualSync is "second"'],
  [{ status: { nextSyncTime: '/.+/' } }, 'status.nextSyncTime is nothing, not /.+/'],
  [{ status: { conditions: [{ type: 'B', n: 3 }] } }, 'status.conditions[0].n is 2, not 3'],
  [{ status: { conditions: [{}, {}, { type: 'C' }] } }, 'status.conditions[2].type is "A", not C'],
  [{ spec: { paused: true } }, 'spec is nothing'],
  [{ data: [1] }, 'data is {"":"empty","group":""}, and no list'],
])('%j does not match, and it is said why', (expected, why) => {
  expect(match(expected, FOUND)).toEqual([why]);
});
