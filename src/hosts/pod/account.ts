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

/**
 * Argument: home folder. The first line of a number counts, so that what the image says of others is kept: one that it knows may
 * have no shell, as `nobody` has none (`/usr/sbin/nologin`), and then sshd runs nothing for it.
 */
const WRITE = String.raw`
echo "tidemark:x:$(id -u):$(id -g)::$1:/bin/sh" >/account/passwd
cat /etc/passwd >>/account/passwd
`;

/**
 * For pods that may run as a user whom their image does not know, or gives no shell: with `runAsUser`, or as OpenShift chooses it. The image's
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
