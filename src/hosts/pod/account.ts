/** A line in `/etc/passwd` for the user of a pod, whoever that is: OpenSSH serves nobody without one. */
import type { V1Container, V1Volume, V1VolumeMount } from '@kubernetes/client-node';

export interface Account {
  /** Goes before the pod's containers. */
  initContainer: V1Container;
  /** Of the pod. */
  volume: V1Volume;
  /** Of the container in which programs run. */
  volumeMount: V1VolumeMount;
}

const NAME = 'account';

/** Argument: home folder. What the image has is kept; a user that it does not know is added. */
const WRITE = String.raw`
cat /etc/passwd >/account/passwd
id -un >/dev/null 2>&1 || echo "tidemark:x:$(id -u):$(id -g)::$1:/bin/sh" >>/account/passwd
`;

/**
 * For pods that may run as a user whom their image does not know: with `runAsUser`, or as OpenShift chooses it. The image's
 * root may be read-only. Takes a second at the pod's start.
 * @param like of the container in which programs run: its image, and what it may do; nothing else of it
 * @param home of that user; absolute
 */
export function makeAccount(
  like: Pick<V1Container, 'image' | 'imagePullPolicy' | 'securityContext' | 'resources'>,
  home: string,
): Account {
  return {
    initContainer: {
      ...like,
      name: NAME,
      command: ['sh', '-c', WRITE, 'sh', home],
      volumeMounts: [{ name: NAME, mountPath: '/account' }],
    },
    volume: { name: NAME, emptyDir: { sizeLimit: '1Mi' } },
    volumeMount: { name: NAME, mountPath: '/etc/passwd', subPath: 'passwd', readOnly: true },
  };
}
