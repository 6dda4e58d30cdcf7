import { beta, checkParts } from '../../test/support/model/check-parts';

test.each(['../evil', '/bin/sh', 'a/b', '-rf', '.hidden', '..'])(
  'a hook %s is not a plain file name',
  (file) => {
    const { problems } = checkParts({
      hooks: { afterPublish: [{ run: ['fine', '/any/argument'] }, { run: [file] }] },
    });
    expect(problems).toEqual([
      `spec.hooks.afterPublish[1].run[0]: "${file}" must be the plain name of a file in the agent's --allow-hooks folder`,
    ]);
  },
);

const claims = { targets: [{ host: 'beta', pvc: 'shop/data' }] };

test('a hook may be a Job where a volume is a claim', () => {
  const { problems } = checkParts({ ...claims, hooks: { probeDrill: [{ job: 'cronjob/probe' }] } });
  expect(problems).toEqual([]);
});

test.each([
  [
    'that says nothing to run',
    { timeout: '5s' },
    'spec.hooks.probeDrill[0].run: is missing: a hook says what to run, or which job',
  ],
  [
    'that says two things',
    { run: ['a'], job: 'cronjob/probe' },
    'spec.hooks.probeDrill[0].job: is a second thing to run beside run: a hook is one',
  ],
  [
    'whose Job is of another kind',
    { job: 'deployment/probe' },
    'spec.hooks.probeDrill[0].job: must be cronjob/NAME, not "deployment/probe"',
  ],
  [
    'whose Job is an option',
    { job: 'cronjob/-f' },
    'spec.hooks.probeDrill[0].job: must be cronjob/NAME, not "cronjob/-f"',
  ],
])('a hook %s is refused', (_, hook, problem) => {
  expect(checkParts({ ...claims, hooks: { probeDrill: [hook] } }).problems).toEqual([problem]);
});

test('a Job is refused where no volume is a claim', () => {
  const hooks = { probeDrill: [{ job: 'cronjob/probe' }] };
  expect(checkParts({ targets: [beta('/srv/x')], hooks }).problems).toEqual([
    'spec.hooks.probeDrill[0].job: runs beside a volume of kind pvc, and there is none here',
  ]);
});
