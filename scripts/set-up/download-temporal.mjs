/** download-temporal.mjs FOLDER PATH: lets the SDK download Temporal's server into FOLDER, and moves it to PATH. */
import { chmodSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const { TestWorkflowEnvironment } = require('@temporalio/testing');
const [folder, path] = process.argv.slice(2);

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: folder } },
  });
  await environment.teardown();
  const [program] = readdirSync(folder).filter((name) => name.startsWith('temporal'));
  chmodSync(join(folder, program), 0o755);
  renameSync(join(folder, program), path);
  process.exit(0);
} catch (error) {
  console.error(error.message.replaceAll('\n', ' '));
  process.exit(1);
}
