/** An agent that runs one program on a host, and does nothing else. Its arguments are a {@link Task}, and the program's. */
import type { RunOptions, Runner } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import { makePodRunner } from '../../../src/hosts/pod';
import { loadKubernetes } from '../../../src/hosts/pod/client';
import { makeSshHost } from '../../../src/hosts/ssh';
import type { SshOptions } from '../../../src/hosts/ssh/connect';

export interface Task {
  where:
    | { kind: 'local' }
    | { kind: 'ssh'; ssh: SshOptions }
    | { kind: 'pod'; kubeconfig: string; namespace: string; pod: string; container: string };
  options: Pick<RunOptions, 'attempt' | 'endsWithAgent'>;
}

const name = 'alpha';
const local = makeLocalHost({ name, home: '/nonexistent' });

async function open(where: Task['where']): Promise<Runner> {
  if (where.kind === 'local') return local;
  if (where.kind === 'ssh') return await makeSshHost({ name, home: '/tmp', local, ssh: where.ssh });
  const { KubeConfig } = await loadKubernetes();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(where.kubeconfig);
  const { namespace, pod, container } = where;
  return makePodRunner({ name, kubeConfig, namespace, pod, container, scratch: '/tmp' });
}

async function main(task: Task, argv: readonly string[]): Promise<void> {
  const runner = await open(task.where);
  await runner.run(argv, task.options);
}

const [task = '', ...argv] = process.argv.slice(2);
void main(JSON.parse(task) as Task, argv);
