import { approvedBy, describeApprovals, missingApprovals } from './approvals';

const two = { what: 'failover of wiki to beta', needed: 2, by: [] };

test('says how many approvals there are, by whom, and how many people are still needed', () => {
  expect(describeApprovals(two)).toBe('0 of 2 approvals; 2 more people are needed');
  const one = approvedBy(two, 'anna');
  expect(describeApprovals(one)).toBe('1 of 2 approvals (anna); 1 more person is needed');
  expect(describeApprovals(approvedBy(one, 'ben'))).toBe('2 of 2 approvals (anna, ben)');
  expect(describeApprovals({ ...two, needed: 1 })).toBe('0 of 1 approval; 1 more person is needed');
});

test('counts one person once', () => {
  const twice = approvedBy(approvedBy(two, 'anna'), 'anna');
  expect(missingApprovals(twice)).toBe(1);
});
