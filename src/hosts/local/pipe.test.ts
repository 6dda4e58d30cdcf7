import { makeLocalHost } from '.';

const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });
const sh = (script: string) => ['sh', '-c', script];

describe('pipe', () => {
  it('feeds each program from the one before, and sees every exit code', async () => {
    const results = await host.pipe(
      [sh('cat; exit 3'), ['tr', 'a-z', 'A-Z'], sh('cat; echo warned >&2; exit 4')],
      {
        stdin: 'through all',
      },
    );
    expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 0, 4]);
    expect(results.at(-1)?.stdout.toString()).toBe('THROUGH ALL');
    expect(results.at(-1)?.stderr).toBe('warned\n');
  });

  it('carries every byte of a flood', async () => {
    const results = await host.pipe([
      ['head', '-c', '100000000', '/dev/zero'],
      ['wc', '-c'],
    ]);
    expect(results[1]?.stdout.toString().trim()).toBe('100000000');
  });

  it('lets a writer notice that its reader has gone', async () => {
    const results = await host.pipe([['yes'], ['head', '-n', '1']]);
    expect(results[1]?.stdout.toString()).toBe('y\n');
    expect(results[0]?.exitCode).not.toBe(0);
  });

  it('ends the others where one of them is missing', async () => {
    for (const argvs of [
      [['sleep', '1000'], ['/no/such/program'], ['cat']],
      [['/no/such/program'], ['cat']],
      [
        ['sleep', '1000'],
        ['true', 'x'.repeat(3_000_000)],
      ],
    ]) {
      await expect(host.pipe(argvs)).rejects.toThrow(/no program|E2BIG/);
    }
  });

  it('ends all of them with the reason of the abort', async () => {
    const controller = new AbortController();
    const running = host.pipe([['yes'], sh('trap "" TERM; echo ready >&2; exec cat >/dev/null')], {
      signal: controller.signal,
      killAfterMs: 100,
      onStderr: () => controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
  });
});
