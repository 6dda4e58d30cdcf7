import { makeLocalHost } from './local';
import { pipeChecked } from './run-checked';

const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });

const toldToStop = ['sh', '-c', 'echo all; kill -s PIPE $$'];

describe('programs that feed each other and must all succeed', () => {
  it('answers what the last one printed, also where it had read enough before the first one ended', async () => {
    const { stdout } = await pipeChecked(host, [toldToStop, ['cat']]);
    expect(stdout.toString()).toBe('all\n');
  });

  it('says which one failed, in its own words, the reader before the writer that it let down', async () => {
    const missing = ['cat', '/nonexistent/file'];
    await expect(pipeChecked(host, [missing, ['cat']])).rejects.toMatchObject({
      type: 'ToolFailed',
      details: { host: 'alpha', toolMessage: expect.stringContaining('/nonexistent/file') as unknown },
    });
    await expect(pipeChecked(host, [toldToStop, missing])).rejects.toThrow('cat ended with exit code 1');
  });
});
