/** `npm run build`: compiles src to dist. */
import { build } from './set-up/build.mjs';
import { ensureNode } from './set-up/node.mjs';
import { Steps } from './set-up/report.mjs';

try {
  const node = await ensureNode(() => {});
  await new Steps(1).take('build', (say) => build(node.path, say));
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
