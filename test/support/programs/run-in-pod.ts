/** `run-in-pod.ts PLACE ATTEMPT PROGRAM…`: an agent that runs one program in a pod, and does nothing else. */
import { makePodRunner } from '../../../src/hosts/pod';
import { loadKubernetes } from '../../../src/hosts/pod/client';

async function main(place: string, attempt: string, argv: readonly string[]): Promise<void> {
  const { KubeConfig } = await loadKubernetes();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(process.env.TEST_KUBECONFIG ?? '');
  const { namespace, pod, container } = JSON.parse(place) as Record<
    'namespace' | 'pod' | 'container',
    string
  >;
  const runner = makePodRunner({ name: 'alpha', kubeConfig, namespace, pod, container, scratch: '/tmp' });
  await runner.run(argv, { attempt });
}

const [place = '', attempt = '', ...argv] = process.argv.slice(2);
void main(place, attempt, argv);
