/** A tree that changes at random, and what is known of it: for tests that break things meanwhile. */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

/** A small generator with a seed, so that a run can be played again (mulberry32, public domain). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Everything about each entry of a tree but its directories' times, in one text per path. */
export async function describeTree(root: string, prefix = ''): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(join(root, prefix))) {
    if (prefix === '' && name === '.tidemark') continue;
    const path = join(prefix, name);
    const stat = await lstat(join(root, path), { bigint: true });
    const facts = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isDirectory()) {
      found.set(path, facts);
      for (const [inner, text] of await describeTree(root, path)) found.set(inner, text);
    } else if (stat.isSymbolicLink()) {
      found.set(path, `${facts} -> ${await readlink(join(root, path))}`);
    } else {
      const hash = createHash('sha256')
        .update(await readFile(join(root, path)))
        .digest('hex');
      found.set(path, `${facts} ${stat.size} ${stat.mtimeNs} ${hash}`);
    }
  }
  return found;
}

/** Lines for what differs between two trees; empty where they are equal. */
export function diffTrees(expected: Map<string, string>, actual: Map<string, string>): string[] {
  const paths = new Set([...expected.keys(), ...actual.keys()]);
  return [...paths]
    .filter((path) => expected.get(path) !== actual.get(path))
    .map(
      (path) =>
        `${path}: expected ${expected.get(path) ?? 'nothing'}, found ${actual.get(path) ?? 'nothing'}`,
    );
}

/** One text for a whole tree. */
export const digestTree = async (root: string): Promise<string> =>
  createHash('sha256')
    .update(JSON.stringify([...(await describeTree(root))].sort()))
    .digest('hex');

/** A source whose every round changes, adds, renames, deletes; and a part of one big file. */
export class ChangingTree {
  private serial = 0;

  constructor(
    readonly root: string,
    private readonly random: () => number,
    private readonly bigBytes: number,
  ) {}

  async create(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await writeFile(join(this.root, 'big'), randomBytes(this.bigBytes));
    for (let count = 0; count < 30; count++) await this.add();
  }

  /** Several changes, and new bytes in a random part of the big file, so that a transfer takes a while. */
  async change(bigPart = 0.4): Promise<void> {
    const big = await open(join(this.root, 'big'), 'r+');
    const length = Math.floor(this.bigBytes * bigPart);
    await big.write(randomBytes(length), 0, length, Math.floor(this.random() * (this.bigBytes - length)));
    await big.close();
    for (let count = 0; count < 6; count++) await this.changeOne();
  }

  private async changeOne(): Promise<void> {
    const names = (await readdir(this.root)).filter((name) => name.startsWith('f'));
    const pick = names[Math.floor(this.random() * names.length)];
    const dice = this.random();
    if (!pick || dice < 0.35) return this.add();
    const path = join(this.root, pick);
    const isLink = (await lstat(path)).isSymbolicLink();
    if (dice < 0.7 && (isLink || dice >= 0.55)) return rm(path);
    if (dice < 0.55) return writeFile(path, randomBytes(1 + Math.floor(this.random() * 50_000)));
    if (dice < 0.85) return rename(path, join(this.root, `f${this.serial++}-renamed`));
    return isLink ? rm(path) : chmod(path, this.random() < 0.5 ? 0o600 : 0o755);
  }

  private async add(): Promise<void> {
    const path = join(this.root, `f${this.serial++}`);
    if (this.random() < 0.15) await symlink('/nowhere/in particular', path);
    else await writeFile(path, randomBytes(1 + Math.floor(this.random() * 100_000)));
  }
}
