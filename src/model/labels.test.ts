import { formatLabels, parseLabels } from './labels';

test('labels are read as they are written', () => {
  expect(parseLabels(['region=eu', 'example.net/tier=edge', 'spare=', 'region=eu'])).toEqual({
    labels: { region: 'eu', 'example.net/tier': 'edge', spare: '' },
    problems: [],
  });
  expect(formatLabels({ tier: 'edge', region: 'eu' })).toBe('region=eu,tier=edge');
});

test('every reason against labels is told', () => {
  const texts = ['region', 'a b=c', '=x', 'tier=-', 'rack=1', 'rack=2', `long=${'x'.repeat(64)}`];
  const { problems } = parseLabels(texts);
  expect(problems).toEqual([
    '"region" is no label: write KEY=VALUE, like region=eu',
    expect.stringMatching(/^the key of "a b=c" must be/),
    expect.stringMatching(/^the key of "=x" must be/),
    expect.stringMatching(/^the value of "tier=-" must be/),
    'rack is given twice, as "1" and as "2": a host has one value of it',
    expect.stringMatching(/^the value of "long=x+" must be at most 63/),
  ]);
});

test('a host has no more labels than people read', () => {
  expect(parseLabels(Array.from({ length: 65 }, (_, index) => `l${index}=x`)).problems).toEqual([
    '65 labels are too many: an agent has at most 64',
  ]);
});
