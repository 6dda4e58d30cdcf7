import { join } from 'node:path';
import { format as prettify, resolveConfig } from 'prettier';
import { ROOT } from '../set-up/paths.mjs';

/** YAML as the project has it. */
export async function format(text) {
  const settings = await resolveConfig(join(ROOT, 'package.json'));
  return await prettify(text, { ...settings, parser: 'yaml' });
}
