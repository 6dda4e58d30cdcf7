/** `tidemark get --check` answers monitoring in time, whatever is down or hangs, and says what it could not know. */
import { join } from 'node:path';
import { TestSystem } from '../support/system/system';
import { writeDocument } from '../support/system/user';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start({ agents: {} });
  await system.apply(
    writeDocument('wiki', {
      source: { host: 'alpha', directory: join(system.folder, 'alpha') },
      targets: [{ host: 'beta', directory: join(system.folder, 'beta') }],
    }),
  );
}, 120_000);

afterAll(() => system.stop());

async function check(...args: string[]) {
  const since = performance.now();
  const { exitCode, stdout } = await system.cli(['get', ...args, '--check']);
  return { exitCode, stdout, seconds: (performance.now() - since) / 1000 };
}

const hang = (part: string) => process.kill(system.pid(part), 'SIGSTOP');
const goOn = (part: string) => process.kill(system.pid(part), 'SIGCONT');

it('with everything there, what was never synced is down', async () => {
  expect(await check()).toMatchObject({ exitCode: 2 });
});

it.each(['wiki', undefined])('with a control worker that hangs (%p)', async (name) => {
  hang('control');
  try {
    const { exitCode, stdout, seconds } = await check(...(name === undefined ? [] : [name]));
    expect({ exitCode, stdout }).toEqual({
      exitCode: 3,
      stdout: expect.stringMatching(/^UNKNOWN .*does not answer/) as string,
    });
    expect(stdout).toContain('the control worker does not answer');
    expect(seconds).toBeLessThan(10);
  } finally {
    goOn('control');
  }
});

it('with a Temporal that hangs, and with none', async () => {
  hang('temporal');
  const hanging = await check('wiki').finally(() => goOn('temporal'));
  await system.kill('temporal');
  for (const { exitCode, stdout, seconds } of [hanging, await check('wiki')]) {
    expect({ exitCode, stdout }).toEqual({
      exitCode: 3,
      stdout: expect.stringMatching(/^UNKNOWN wiki: Temporal.* does not answer/) as string,
    });
    expect(seconds).toBeLessThan(10);
  }
});
