import { checkDocument } from '../../../src/model/examine-document';

interface Parts {
  source?: object;
  targets?: object[];
  [part: string]: unknown;
}

/** What is said of a document that is right but for the given parts of its spec. */
export function checkParts({ source, targets, ...rest }: Parts) {
  return checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory: '/srv/wiki', ...source },
      targets: targets ?? [{ host: 'beta', directory: '/srv/wiki' }],
      ...rest,
    },
  });
}

/** A target on beta. */
export const beta = (directory: string, more: object = {}) => ({ host: 'beta', directory, ...more });
