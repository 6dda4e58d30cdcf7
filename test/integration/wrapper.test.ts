/** What starts the CLI on another Node than its own: that one ends with it, however that ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startTimeOf } from '../../src/client/up-state';
import { eventually } from '../support/system/system';

let root: string;

/** A checkout whose own Node, which is started where the one at hand is too old, does nothing but live. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-wrapper-'));
  const own = join(root, 'node_modules', 'node', 'bin');
  await mkdir(own, { recursive: true });
  await mkdir(join(root, 'bin'));
  const script = await readFile(resolve(__dirname, '../../bin/tidemark.mjs'), 'utf8');
  await writeFile(join(root, 'bin', 'tidemark.mjs'), script.replace(/LEAST_NODE = \d+/, 'LEAST_NODE = 9999'));
  await writeFile(join(own, 'node'), `#!/bin/sh\necho $$ > ${join(root, 'pid')}\nexec sleep 600\n`);
  await chmod(join(own, 'node'), 0o755);
});

afterAll(() => rm(root, { recursive: true, force: true }));

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  'an agent ends with what started it: %s',
  async (signal) => {
    await rm(join(root, 'pid'), { force: true });
    const wrapper = spawn(process.execPath, [join(root, 'bin', 'tidemark.mjs'), 'agent', '--host', 'alpha'], {
      stdio: 'ignore',
    });
    const pid = await eventually('it runs', async () => {
      return Number(await readFile(join(root, 'pid'), 'utf8')) || undefined;
    });
    const ended = once(wrapper, 'exit');
    wrapper.kill(signal);
    await ended;
    expect(wrapper.signalCode).toBe(signal);
    await eventually(
      'it has ended',
      () => Promise.resolve(startTimeOf(pid) === undefined || undefined),
      10_000,
    );
  },
);
