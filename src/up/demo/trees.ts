/** What should be where: the files of a folder by content, and every difference. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Contents by path, from the folder. */
export type Files = Readonly<Record<string, string>>;

/** Writes files into a folder, making it and folders in it. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

export async function readFiles(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
  const found = await Promise.all(
    files.map(async (path) => [relative(folder, path), await readFile(path, 'utf8')] as const),
  );
  return Object.fromEntries(found);
}

/** What is not as it should be, in a line for each file. Pure. */
export function findDifferences(expected: Files, found: Files): string[] {
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return paths.flatMap((path) => {
    const [wanted, is] = [expected[path], found[path]];
    if (wanted === is) return [];
    if (is === undefined) return [`${path} is missing`];
    if (wanted === undefined) return [`${path} should not be there`];
    return [`${path} holds ${JSON.stringify(is)}, and should hold ${JSON.stringify(wanted)}`];
  });
}
