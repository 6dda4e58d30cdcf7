/** Reads spec files, folders of them, or standard input; all mistakes of all of them at once. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Relationship } from '../model/spec';
import { ClientError } from '../client/exit-codes';
import { lazy } from './lazy';

const SPEC_FILE = /\.(ya?ml|json)$/;

/** @throws ClientError where a path can't be read, or a folder holds no spec file. */
async function expand(path: string): Promise<string[]> {
  if (path === '-') return ['-'];
  const info = await stat(path).catch((error: unknown) => {
    throw new ClientError(
      'InvalidSpec',
      `can't read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  if (!info.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => SPEC_FILE.test(name)).sort();
  if (names.length === 0) throw new ClientError('InvalidSpec', `no .yaml, .yml or .json file in ${path}`);
  return names.map((name) => join(path, name));
}

async function read(path: string): Promise<{ name: string; text: string }> {
  if (path === '-') return { name: '(standard input)', text: await text(process.stdin) };
  try {
    return { name: path, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw new ClientError(
      'InvalidSpec',
      `can't read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function findTwins(files: readonly { name: string; documents: Relationship[] }[]): string[] {
  const first = new Map<string, string>();
  return files.flatMap(({ name: file, documents }) =>
    documents.flatMap(({ metadata: { name } }) => {
      const before = first.get(name);
      if (before === undefined) first.set(name, file);
      return before === undefined || before === file
        ? []
        : [`${file}: relationship ${name} is in ${before} already`];
    }),
  );
}

/** All documents. @throws ClientError `InvalidSpec` with every problem, each with its file and line. */
export async function readSpecs(
  paths: readonly string[],
): Promise<{ documents: Relationship[]; warnings: string[] }> {
  const { parseSpecs, formatProblem } = lazy.parseSpec();
  const expanded = await Promise.all(paths.map(expand));
  const files: { name: string; documents: Relationship[] }[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const path of expanded.flat()) {
    const file = await read(path);
    const parsed = parseSpecs(file.text, file.name);
    problems.push(...parsed.problems.map(formatProblem));
    warnings.push(...parsed.warnings.map(formatProblem));
    files.push({ name: file.name, documents: parsed.relationships });
  }
  problems.push(...findTwins(files));
  if (problems.length > 0) throw new ClientError('InvalidSpec', problems.join('\n'), { problems });
  return { documents: files.flatMap(({ documents }) => documents), warnings };
}
