/** What `tidemark doctor` looks at. */
import { access, constants, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Host } from '../hosts/contract';
import { findFix } from '../hosts/missing-tool';
import { objectToVersion } from '../hosts/tool-version';
import { inOneLine } from '../model/failure';
import { formatBytes } from '../model/units';
import { cacheHome } from '../client/up-state';
import { chooseHttpUrl, findUp } from '../client/connection';
import { tellError } from '../client/exit-codes';
import { getJson } from '../client/http';
import { lazy } from './lazy';

export interface Finding {
  what: string;
  /** `missing` is needed by every host; `absent` only by who uses it. */
  state: 'ok' | 'missing' | 'absent';
  detail: string;
  /** A command that mends it. */
  fix?: string;
}

interface Tool {
  program: string;
  argv?: string[];
  /** What needs it, where not every host does. */
  only?: string;
}

const TOOLS: readonly Tool[] = [
  { program: 'rsync', argv: ['--version'] },
  { program: 'ssh', argv: ['-V'] },
  { program: 'ssh-keygen' },
  { program: 'sshd', argv: ['-V'] },
  { program: 'flock', argv: ['--version'] },
  { program: 'setpriv', argv: ['--version'] },
  { program: 'btrfs', argv: ['--version'], only: 'snapshots and subvolumes on btrfs' },
  { program: 'cp', argv: ['--version'], only: 'reflinks and hard-linked generations' },
  { program: 'zfs', only: 'ZFS datasets' },
  { program: 'podman', argv: ['--version'], only: 'images of Podman' },
  { program: 'docker', argv: ['--version'], only: 'images of Docker' },
  { program: 'restic', argv: ['version'], only: 'repositories of restic' },
  { program: 'rclone', argv: ['version'], only: 'buckets' },
  { program: 'getfattr', argv: ['--version'], only: 'buckets' },
  { program: 'tar', argv: ['--version'], only: 'repositories of restic' },
  { program: 'ctr', argv: ['--version'], only: 'images of containerd' },
];

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

async function findProgram(program: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS]) {
    const path = join(folder, program);
    const there =
      folder !== '' &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ));
    if (there) return path;
  }
  return undefined;
}

function makeHost(): Host {
  return lazy.localHost().makeLocalHost({ name: 'this host', home: join(tmpdir(), 'tidemark-doctor') });
}

/** The line of a program's own words that names a version. */
async function askVersion(host: Host, path: string, argv: string[]): Promise<string> {
  const { stdout, stderr } = await host.run([path, ...argv], { timeoutMs: 10_000 });
  const lines = `${stdout.toString()}\n${stderr}`.split('\n').map((line) => line.trim());
  return lines.find((line) => /\d+\.\d+/.test(line))?.slice(0, 80) ?? path;
}

function withFix(program: string): Pick<Finding, 'fix'> {
  const fix = findFix(program);
  return fix === undefined ? {} : { fix };
}

async function checkTool(host: Host, { program, argv, only }: Tool): Promise<Finding> {
  const path = await findProgram(program);
  if (path !== undefined) {
    const detail = argv ? await askVersion(host, path, argv).catch(() => path) : path;
    const objection = objectToVersion(program, detail);
    return objection === undefined
      ? { what: program, state: 'ok', detail }
      : { what: program, state: 'absent', detail: objection, ...withFix(program) };
  }
  return {
    what: program,
    state: only === undefined ? 'missing' : 'absent',
    detail: only === undefined ? 'every host needs it' : `only needed for ${only}`,
    ...withFix(program),
  };
}

async function checkTemporalProgram(host: Host): Promise<Finding> {
  const cached = join(cacheHome(), 'bin', 'temporal');
  const path =
    (await findProgram('temporal')) ??
    ((await access(cached, constants.X_OK).then(
      () => true,
      () => false,
    ))
      ? cached
      : undefined);
  if (path === undefined)
    return {
      what: 'temporal',
      state: 'absent',
      detail: 'only needed for tidemark up',
      fix: 'npm run set-up',
    };
  return {
    what: 'temporal',
    state: 'ok',
    detail: await askVersion(host, path, ['--version']).catch(() => path),
  };
}

/** Node, and every tool that Tidemark runs on a host. */
export async function checkMachine(): Promise<Finding[]> {
  const host = makeHost();
  const tools = await Promise.all([
    ...TOOLS.map((tool) => checkTool(host, tool)),
    checkTemporalProgram(host),
  ]);
  return [{ what: 'node', state: 'ok', detail: process.version }, ...tools];
}

/** What could not be had, in the words of its error. */
export function failed(what: string, error: unknown): Finding {
  const { message, hint, toolMessage } = tellError(error);
  const detail = inOneLine({ message, ...(toolMessage !== undefined && { toolMessage }) });
  return { what, state: 'missing', detail, ...(hint !== undefined && { fix: hint }) };
}

async function checkTemporal(): Promise<Finding> {
  try {
    return await lazy.temporal().Temporal.use((temporal) =>
      Promise.resolve<Finding>({
        what: 'Temporal',
        state: 'ok',
        detail: `${temporal.address}, namespace ${temporal.namespace}`,
      }),
    );
  } catch (error) {
    return failed('Temporal', error);
  }
}

interface HostSeen {
  name: string;
  seen: boolean;
  identities: string[];
  named: boolean;
}

async function checkControl(): Promise<Finding[]> {
  try {
    await getJson('/healthz');
    const hosts = await getJson<HostSeen[]>('/v1/hosts');
    const control: Finding = {
      what: 'control worker',
      state: 'ok',
      detail: chooseHttpUrl(process.env, findUp()).url,
    };
    return [
      control,
      ...hosts.map(({ name, seen, identities, named }): Finding => {
        if (!seen && !named)
          return {
            what: `agent of ${name}`,
            state: 'absent',
            detail: 'no agent answers, and no relationship names it',
          };
        if (seen) return { what: `agent of ${name}`, state: 'ok', detail: identities.join(', ') };
        return {
          what: `agent of ${name}`,
          state: 'missing',
          detail: 'no agent answers',
          fix: `on that machine: tidemark agent --host ${name}`,
        };
      }),
    ];
  } catch (error) {
    return [failed('control worker', error)];
  }
}

/** Temporal, the control worker, and the agents of all hosts that relationships name. */
export async function checkServices(): Promise<Finding[]> {
  const [temporal, control] = await Promise.all([checkTemporal(), checkControl()]);
  return [temporal, ...control];
}

/** What the filesystem of a directory can do, as source and as target. */
export async function checkPath(path: string): Promise<Finding[]> {
  const { makeVolumes } = lazy.volumes();
  const volume = { kind: 'directory', path } as const;
  try {
    const info = await stat(path).catch(() => undefined);
    if (info && !info.isDirectory()) {
      return [
        {
          what: path,
          state: 'missing',
          detail: 'it is not a directory',
          fix: `name a directory, like ${dirname(path)}`,
        },
      ];
    }
    const found = await makeVolumes(makeHost()).driverFor(volume).inspect(makeHost(), volume);
    const whyNot = Object.entries(found.whyNot).map(([method, why]) => `${method}: ${why}`);
    const filesystem = `${found.filesystem} mounted at ${found.mountPoint}, ${formatBytes(found.freeBytes)} free`;
    const there: Finding[] = found.exists
      ? [
          { what: path, state: 'ok', detail: filesystem },
          { what: 'as a source', state: 'ok', detail: found.capture.join(', ') },
        ]
      : [
          {
            what: path,
            state: 'missing',
            detail: `there is no such directory; it would be on ${filesystem}`,
            fix: `see whether that is the path; if so: mkdir -p '${path}'`,
          },
        ];
    return [
      ...there,
      { what: 'as a target', state: found.exists ? 'ok' : 'absent', detail: found.points.join(', ') },
      ...whyNot.map((detail): Finding => ({ what: 'not offered', state: 'absent', detail })),
    ];
  } catch (error) {
    return [failed(path, error)];
  }
}
