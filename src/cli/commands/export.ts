import type { Command } from 'commander';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocuments } from '../../client/read-documents';
import { getFleet } from '../../client/fleet';
import { requireOneWay } from '../choose-names';
import { lazy } from '../lazy';
import { finish, note } from '../output';
import { parseList, parsePath } from '../parse';

interface ExportOptions {
  selector?: string[];
  all?: boolean;
  folder?: string;
}

export function register(program: Command): void {
  const command = program
    .command('export')
    .argument('[names...]', 'the relationships')
    .summary('relationships as files that apply takes back')
    .description(
      'Prints the documents of relationships as YAML that tidemark apply takes back unchanged, or writes a file for each.',
    )
    .option('-l, --selector <labels>', 'those with these labels: tier=gold,region', parseList)
    .option('--all', 'all of them')
    .option('--folder <dir>', 'write NAME.yaml for each into this folder', parsePath)
    .action((names: string[], options: ExportOptions) => exportAll(names, options));
  finish(command, ['tidemark export wiki > wiki.yaml', 'tidemark export --all --folder relationships'], {
    output: false,
  });
}

async function chosen(names: readonly string[], options: ExportOptions): Promise<readonly string[]> {
  requireOneWay('export', names, options);
  if (names.length > 0) return [...new Set(names)];
  const { relationships } = await getFleet({ labels: options.selector });
  return relationships.map(({ name }) => name);
}

async function exportAll(names: readonly string[], options: ExportOptions): Promise<void> {
  const all = await chosen(names, options);
  const documents = await lazy.temporal().Temporal.use((temporal) => readDocuments(temporal, all));
  const texts = documents.map(({ name, document }) => ({ name, text: lazy.yaml().stringify(document) }));
  const { folder } = options;
  if (folder === undefined) {
    process.stdout.write(texts.map(({ text }) => text).join('---\n'));
    return;
  }
  await mkdir(folder, { recursive: true });
  for (const { name, text } of texts) await writeFile(join(folder, `${name}.yaml`), text);
  note(`wrote ${texts.length} files into ${folder}`);
}
