import fc from 'fast-check';
import { HEALTHS } from '../../model/health';
import { PHASES } from '../../model/status';
import {
  countsPath,
  eventsHref,
  fleetHref,
  fleetPath,
  hasStates,
  NO_FILTER,
  parseAddress,
  relationshipHref,
} from './address';

const filters = fc.record({
  search: fc.string(),
  labels: fc.array(fc.string()),
  host: fc.string(),
  status: fc.subarray([...HEALTHS]),
  phase: fc.subarray([...PHASES]),
  sort: fc.constantFrom('status' as const, 'lag' as const, 'name' as const),
  offset: fc.nat(),
});

test('a filter comes back from the address that it was put into', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      expect(parseAddress(fleetHref(filter))).toEqual({ view: 'fleet', filter });
    }),
  );
});

test('a name comes back from its address, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
      expect(parseAddress(relationshipHref(name))).toEqual({ view: 'relationship', name });
    }),
  );
});

test('any address shows something', () => {
  fc.assert(fc.property(fc.string(), (hash) => void parseAddress(hash)));
  expect(parseAddress('')).toEqual({ view: 'fleet', filter: NO_FILTER });
  expect(parseAddress('#/relationships/%E0%A4%A')).toEqual({ view: 'relationship', name: '%E0%A4%A' });
  expect(parseAddress('#/?offset=-3&sort=worst&status=dead')).toEqual({ view: 'fleet', filter: NO_FILTER });
  expect(parseAddress(eventsHref(['drill']))).toEqual({ view: 'events', kinds: ['drill'] });
  expect(fleetHref()).toBe('#/');
});

test('a page of fifty is asked for, and the counts of all states beside it', () => {
  const filter = { ...NO_FILTER, search: 'wi', labels: ['tier=gold'], status: ['down' as const], offset: 50 };
  expect(fleetPath(filter)).toBe(
    '/v1/fleet?search=wi&label=tier%3Dgold&status=down&offset=50&sort=status&limit=50',
  );
  expect(countsPath(filter)).toBe('/v1/fleet?search=wi&label=tier%3Dgold&limit=1');
  expect([hasStates(filter), hasStates({ ...filter, status: [] })]).toEqual([true, false]);
});
