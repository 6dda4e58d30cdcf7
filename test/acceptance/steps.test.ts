import { filesOf, fillIn, kindOf, listCases, readStep } from './steps';

const FIELDS = ['exec', 'command', 'kubectl', 'stdout', 'set', 'apply', 'refused', 'says', 'sleep'];

test('names that are known are put in, and what belongs to a shell stays', () => {
  expect(fillIn('${STORE}/a ${HOME} $STORE', { STORE: '10.0.0.1' })).toBe('10.0.0.1/a ${HOME} $STORE');
});

test.each([
  ['10-source.yaml', 'apply'],
  ['20-assert.yaml', 'assert'],
  ['20-assert-more.yaml', 'assert'],
  ['30-absent.yaml', 'absent'],
  ['40-run.yaml', 'run'],
  ['50-running.yaml', 'apply'],
])('%s is a step to %s', (file, kind) => {
  expect(kindOf(file)).toBe(kind);
});

test.each(listCases())('the case %s can be read: objects, and commands that are known', (name) => {
  expect(filesOf(name).length).toBeGreaterThan(1);
  for (const file of filesOf(name)) {
    const { kind, documents } = readStep(name, file, {});
    expect(documents.length).toBeGreaterThan(0);
    const lines = documents.flat() as object[];
    if (kind === 'run')
      for (const line of lines) expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(line)));
    else
      expect(lines.filter((each) => !('apiVersion' in each && 'kind' in each && 'metadata' in each))).toEqual(
        [],
      );
  }
});
