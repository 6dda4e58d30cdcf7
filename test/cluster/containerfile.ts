/**
 * Images of what `deploy/images` says, without a builder and a registry. Of the last stage, the packages, copies, links and
 * settings are taken from the Containerfile: its files are those that Debian's packages have on this machine. What is not: its
 * BASE is the packages that every Debian has, of this machine; what earlier stages build is this checkout's own build and the tools
 * that the set-up has built; packages' own scripts are not run. What the last stage says besides is refused, not passed over.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findGoTool } from '../support/stores/go-tools';
import { findLibraries, type ImageConfig, layOut, makeArchive } from './archive';
import { ROOT } from './paths';
import { run } from './run';

/** The last stage of a Containerfile. */
export interface Stage {
  packages: string[];
  folders: string[];
  links: { target: string; path: string }[];
  copies: { from: string; to: string }[];
  config: ImageConfig;
}

const words = (text: string) => text.trim().split(/\s+/);

function readCommand(stage: Stage, command: string): void {
  const [, packages] = /^apt-get install -y --no-install-recommends (.+)$/.exec(command) ?? [];
  const [, folder] = /^install -d -m 0755 (\/\S+)$/.exec(command) ?? [];
  const [, target, path] = /^ln -s (\/\S+) (\/\S+)$/.exec(command) ?? [];
  if (packages !== undefined) stage.packages.push(...words(packages));
  else if (folder !== undefined) stage.folders.push(folder);
  else if (target !== undefined && path !== undefined) stage.links.push({ target, path });
  // They leave nothing behind that is wanted.
  else if (command !== 'apt-get update' && !command.startsWith('rm -rf /var/lib/apt/lists/*'))
    throw new Error(`the tests do not know how to: RUN ${command}`);
}

const INSTRUCTIONS: Record<string, (stage: Stage, text: string) => void> = {
  RUN: (stage, text) => text.split('&&').forEach((command) => readCommand(stage, command.trim())),
  COPY(stage, text) {
    const [, from = '', to = ''] = /^--from=\w+ (\/\S+) (\/\S+)$/.exec(text) ?? [];
    if (!from) throw new Error(`the tests do not know how to: COPY ${text}`);
    stage.copies.push({ from, to });
  },
  ENV: (stage, text) => (stage.config = { ...stage.config, Env: words(text) }),
  USER: (stage, text) => (stage.config = { ...stage.config, User: text }),
  ENTRYPOINT: (stage, text) => (stage.config = { ...stage.config, Entrypoint: JSON.parse(text) as string[] }),
  CMD: (stage, text) => (stage.config = { ...stage.config, Cmd: JSON.parse(text) as string[] }),
};

/** Reads its last stage. @throws Error where that says what the tests can't do */
export function parseContainerfile(text: string): Stage {
  const plain = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n/g, ' ');
  const lines = plain
    .slice(plain.lastIndexOf('\nFROM ') + 1)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const [first = '', ...others] = lines;
  if (first !== 'FROM ${BASE}') throw new Error(`the last stage is not of BASE: ${first}`);
  const stage: Stage = { packages: [], folders: [], links: [], copies: [], config: {} };
  for (const line of others) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const take = INSTRUCTIONS[instruction];
    if (!take) throw new Error(`the tests do not know how to: ${line}`);
    take(stage, rest.trim());
  }
  return stage;
}

/** Programs, and what these start; pages, locales and start-up files are for machines. */
const WANTED = /^\/(usr\/)?(s?bin\/[^/]+|lib\/openssh\/[^/]+)$/;
/** Libraries that every Debian has, which what was built elsewhere needs. */
const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6'];
const LIBRARY = /^\/(usr\/)?lib\/[^/]+\/lib[^/]+\.so\.[0-9.]+$/;
/** What the script of a package makes of its files. */
const MADE: Record<string, string[]> = { 'ca-certificates': ['/etc/ssl/certs/ca-certificates.crt'] };

async function filesOf(name: string): Promise<string[]> {
  const text = await run(['dpkg-query', '--listfiles', name]).catch(() => {
    throw new Error(`package ${name} of a Containerfile is not on this machine: apt-get install ${name}`);
  });
  const wanted = LIBRARIES.includes(name) ? LIBRARY : WANTED;
  const found = text.split('\n').filter((path) => wanted.test(path) && existsSync(path));
  return [...found.filter((path) => lstatSync(realpathSync(path)).isFile()), ...(MADE[name] ?? [])];
}

/** Those that no Debian is without. */
async function basePackages(): Promise<string[]> {
  const text = await run(['dpkg-query', '--show', '--showformat', '${Package} ${Essential} ${Priority}\n']);
  const rows = text.split('\n').map(words);
  return rows
    .filter(([, isEssential, priority]) => isEssential === 'yes' || priority === 'required')
    .map(([name = '']) => name);
}

/** Packages of npm that are there only to build and test. */
function readDevelopmentPackages(): Set<string> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  const isLeft = ([, { dev, devOptional }]: [string, { dev?: boolean; devOptional?: boolean }]) =>
    dev ?? devOptional;
  return new Set(
    Object.entries(lock.packages)
      .filter(isLeft)
      .map(([path]) => join(ROOT, path)),
  );
}

const OTHER_PLATFORM = /core-bridge\/releases\/[^/]*-(apple|windows)-[^/]*$/;

/** What an earlier stage has at a path, as this machine has it. */
function copyBuilt(from: string, place: string): void {
  if (from.startsWith('/tools/')) {
    cpSync(findGoTool(basename(from) as 'restic' | 'rclone'), place);
    return;
  }
  const source = join(ROOT, from.replace('/opt/tidemark/', ''));
  const left = readDevelopmentPackages();
  cpSync(source, place, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !left.has(path) && !OTHER_PLATFORM.test(path) && !path.endsWith('/node_modules/.bin'),
  });
}

async function fill(root: string, stage: Stage): Promise<void> {
  const packages = [...LIBRARIES, ...(await basePackages()), ...stage.packages];
  const files = (await Promise.all(packages.map(filesOf))).flat();
  await layOut(root, [...files, ...(await findLibraries(files))]);
  for (const { from, to } of stage.copies) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyBuilt(from, join(root, to));
  }
  for (const folder of stage.folders) mkdirSync(join(root, folder), { recursive: true });
  for (const { target, path } of stage.links) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
}

/** Makes an archive of what a Containerfile of `deploy/images` says. @param file like `mover.Containerfile` */
export async function makeContainerImage(file: string, name: string, path: string): Promise<void> {
  const stage = parseContainerfile(readFileSync(join(ROOT, 'deploy', 'images', file), 'utf8'));
  await makeArchive({ name, config: stage.config }, path, (root) => fill(root, stage));
}

/** Temporal's development server, as the set-up has it: an image of that program alone. */
export async function makeTemporalImage(program: string, name: string, path: string): Promise<void> {
  await makeArchive({ name, config: { Entrypoint: ['/usr/bin/temporal'] } }, path, async (root) => {
    await layOut(root, await findLibraries([program]));
    cpSync(program, join(root, 'usr/bin/temporal'));
    chmodSync(join(root, 'usr/bin/temporal'), 0o755);
  });
}
