import { fleetHref, NO_FILTER, parseAddress } from './address';
import { countOf, FLEET_STATES, isShown, phaseText } from './states';

const counts = {
  total: 10,
  status: { up: 4, warn: 3, down: 3 },
  phase: { Idle: 5, WaitingForHost: 2, Parked: 1, FailedOver: 1, Syncing: 1 },
};

test('states are counted by health or by phase, the worst first', () => {
  expect(FLEET_STATES.map((state) => [state.key, countOf(state, counts)])).toEqual([
    ...[
      ['down', 3],
      ['warn', 3],
      ['waiting', 3],
      ['failedOver', 1],
      ['paused', 0],
      ['running', 1],
      ['up', 4],
    ],
  ]);
});

test('the address of a state shows that state, and no other', () => {
  for (const state of FLEET_STATES) {
    const at = parseAddress(fleetHref({ ...NO_FILTER, ...state.filter }));
    if (at.view !== 'fleet') throw new Error('not the fleet');
    expect(FLEET_STATES.filter((each) => isShown(each, at.filter))).toEqual([state]);
  }
  expect(FLEET_STATES.filter((each) => isShown(each, NO_FILTER))).toEqual([]);
});

test('a phase is told in words', () => {
  expect(phaseText('WaitingForApproval')).toBe('waiting for approval');
  expect(phaseText('Idle')).toBe('idle');
});
