/** What the URL of a peer says. Pure. */
import { createHash } from 'node:crypto';
import type { Landing } from '../../landings/contract';
import { parseTlsPeer } from '../../model/doors';
import type { Volume } from '../../model/records';
import { namespaceOf } from '../pvc';

const URL = /^ssh:\/\/([^@/]+)@(?:\[([^\]]+)\]|([^:/@[\]]+))(?::(\d+))?(\/.*)$/;

/** Below where the account begins: what comes after it is no absolute path. */
const HOME = /^\/~(\/|$)/;

function folderOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (!HOME.test(path)) return `/${parts.join('/')}`;
  return parts.slice(1).join('/') || '.';
}

/** How rsync gets there, as far as the spec says. @throws where the spec was never checked */
export function landingOf(volume: Volume): Landing {
  const { path, options } = volume;
  const namespace = namespaceOf({ volume });
  const tls = parseTlsPeer(path);
  if (tls) {
    const account = {
      ...{ credentials: options?.credentials ?? '', folder: 'data', isTls: true as const },
      ...(namespace !== undefined && { namespace }),
    };
    return { id: path, ...tls, user: 'root', hostKeys: [], expiresAt: '', account };
  }
  const [, user = '', bracketed, plain, port = '22', folder] = URL.exec(path) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || folder === undefined) throw new Error(`not a peer: ${path}`);
  const account = {
    ...{ credentials: options?.credentials ?? '', folder: folderOf(folder) },
    ...(namespace !== undefined && { namespace }),
  };
  return { id: path, address, port: Number(port), user, hostKeys: [], expiresAt: '', account };
}

/** Stands for a peer in paths of the agent's own. */
export const nameOf = ({ path }: Pick<Volume, 'path'>): string =>
  createHash('sha256').update(path).digest('hex').slice(0, 16);
