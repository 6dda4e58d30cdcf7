/** The only program that an acceptance run needs. */
import { execFile } from 'node:child_process';

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; labels?: Record<string, string> };
}

/** What a command printed; where it failed, what it said. */
export interface Printed {
  code: number;
  stdout: string;
  stderr: string;
}

const MOST_BYTES = 64 * 1024 * 1024;
const LIMIT_MS = 200_000;

export class Kubectl {
  /** @param options such as `--context` and `--namespace` */
  constructor(private readonly options: readonly string[]) {}

  in(namespace: string): Kubectl {
    return new Kubectl([...this.options, '--namespace', namespace]);
  }

  /** Never throws: what failed is told by its code. */
  try(args: readonly string[], input = ''): Promise<Printed> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        [...this.options, ...args],
        { maxBuffer: MOST_BYTES, timeout: LIMIT_MS },
        (error, stdout, stderr) => {
          const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
          resolve({ code, stdout, stderr: error && stderr === '' ? error.message : stderr });
        },
      );
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  /** @throws Error with kubectl's own words */
  async run(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || stdout.trim()}`);
    return stdout;
  }

  /** Partial objects change what they name. */
  apply(object: unknown): Promise<Printed> {
    const options = ['--server-side', '--force-conflicts', '--field-manager=acceptance', '--validate=strict'];
    return this.try(['apply', ...options, '-f', '-'], JSON.stringify(object));
  }

  /** The object of this name; without one, all of the kind with these labels. */
  async find({ apiVersion, kind, metadata }: KubeObject): Promise<unknown[]> {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const type = group === '' ? kind : `${kind}.${version}.${group}`;
    const labels = Object.entries(metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`);
    const which = metadata.name === undefined ? ['--selector', labels.join(',')] : [metadata.name];
    const { code, stdout, stderr } = await this.try([
      'get',
      type,
      ...which,
      '--ignore-not-found',
      '-o',
      'json',
    ]);
    if (code !== 0) throw new Error(`kubectl get ${type} ${which.join(' ')}: ${stderr.trim()}`);
    if (stdout.trim() === '') return [];
    const found = JSON.parse(stdout) as { items?: unknown[] };
    return metadata.name === undefined ? (found.items ?? []) : [found];
  }
}
