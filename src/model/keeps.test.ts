import fc from 'fast-check';
import { describeLacks, keepsTime, modifyWindow, timeStepOf } from './keeps';

const ALL = { uid: 0, gids: [0], lacks: [], timeStepNs: 1 };

test('times are compared as exactly as they are kept, and no more', () => {
  expect(modifyWindow(undefined)).toBe(-1);
  expect(modifyWindow({ timeStepNs: 1 })).toBe(-1);
  expect(modifyWindow({ timeStepNs: 100 })).toBe(0);
  expect(modifyWindow({ timeStepNs: 1_000_000_000 })).toBe(0);
  expect(modifyWindow({ timeStepNs: 2_000_000_000 })).toBe(1);
});

test('the step is read from what a filesystem made of an exact time', () => {
  expect(timeStepOf('981173107.123456789')).toBe(1);
  expect(timeStepOf('981173107.123456700')).toBe(100);
  expect(timeStepOf('981173107.120000000')).toBe(10_000_000);
  expect(timeStepOf('981173107.000000000')).toBe(1_000_000_000);
  expect(timeStepOf('981173106.000000000')).toBe(2_000_000_000);
});

test('a time is kept where rounding it down to a step changes nothing', () => {
  const steps = fc.constantFrom(1, 100, 10_000_000, 1_000_000_000, 2_000_000_000);
  fc.assert(
    fc.property(fc.nat(4_000_000_000), fc.nat(999_999_999), steps, (seconds, ns, timeStepNs) => {
      const exact = BigInt(seconds) * 1_000_000_000n + BigInt(ns);
      const rounded = (exact / BigInt(timeStepNs)) * BigInt(timeStepNs);
      const text = `${seconds}.${String(ns).padStart(9, '0')}0`;
      expect(keepsTime(text, { timeStepNs })).toBe(rounded === exact);
    }),
  );
});

test('says beforehand what a receiver will not keep', () => {
  expect(describeLacks(ALL)).toBeUndefined();
  expect(describeLacks({ ...ALL, uid: 1000 })).toMatch(/not root.*owners, devices, capabilities/);
  expect(describeLacks({ ...ALL, lacks: ['user', 'acl'], timeStepNs: 1_000_000_000 })).toMatch(
    /its filesystem can't keep extended attributes, ACLs, times of less than a second/,
  );
});
