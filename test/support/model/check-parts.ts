import { checkDocument } from '../../../src/model/examine-document';

interface Parts {
  source?: object;
  targets?: object[];
  [part: string]: unknown;
}

/** A key that is to be left out is given as undefined. */
const withoutUndefined = (part: object): object =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));

/** What is said of a document that is right but for the given parts of its spec. */
export function checkParts({ source, targets, ...rest }: Parts) {
  return checkDocument({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: withoutUndefined({ host: 'alpha', directory: '/srv/wiki', ...source }),
      targets: targets ?? [{ host: 'beta', directory: '/srv/wiki' }],
      ...rest,
    },
  });
}

/** A target on beta. */
export const beta = (directory: string, more: object = {}) => ({ host: 'beta', directory, ...more });
