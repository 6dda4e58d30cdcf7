import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '.';

// What every host promises is in test/conformance/host-suite.ts.
it("looks programs up by the agent's own PATH", async () => {
  const host = makeLocalHost({ name: 'alpha', home: '/nonexistent' });
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-run-'));
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    await expect(host.run(['getfattr', '-d'])).rejects.toMatchObject({ type: 'ToolMissing' });
  } finally {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  }
});
