/** `npm run demo`, as it is run: real processes, one of them killed; every file compared by itself. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../support/system/system';

const DEMO = resolve(__dirname, '../../dist/up/demo/index.js');

// Two agents that are given up take their time, beside other tests.
jest.setTimeout(400_000);

describe('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function start(): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
    let output = '';
    const child = spawn(process.execPath, [DEMO], {
      env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { child, said: () => output, ended };
  }

  it('plays the whole story, finds every file as it should be, and leaves nothing behind', async () => {
    const { said, ended } = start();
    const exitCode = await ended;
    expect({ exitCode, ...(exitCode !== 0 && { said: said() }) }).toEqual({ exitCode: 0 });
    for (const line of [
      /\$ tidemark apply -f wiki\.yaml --wait\n/,
      /the agent of alpha \(process \d+\) was killed/,
      /wiki has failed over to beta \(epoch 2\)/,
      /Old primary +alpha, NOT fenced: no agent answers for host alpha\n/,
      /error: both sides changed since they were last equal/,
      /what alpha alone had is kept as \S+-diverged/,
      /checked: all 4 files of the point that was kept are as they should be/,
      /wiki has moved to alpha \(epoch 3\); nothing was lost/,
      /checked: all 6 files of beta are as they should be/,
      /The demo went well: \d+ files compared/,
    ])
      expect(said()).toMatch(line);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('cleans up when it is interrupted, and says so by its exit code', async () => {
    const { child, said, ended } = start();
    await eventually('the story has begun', () => Promise.resolve(said().includes('1. alpha') || undefined));
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(said()).toContain('the demo was interrupted');
    expect(readdirSync(folder)).toEqual([]);
  });
});
