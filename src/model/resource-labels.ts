/** In the labels of a document that a custom resource stands for: which keeps it, and which generation of it this is. */
export const RESOURCE_LABELS = {
  cluster: 'tidemark.dev/cluster',
  resource: 'tidemark.dev/resource',
  uid: 'tidemark.dev/uid',
  generation: 'tidemark.dev/generation',
  /** Hosts that its selectors may match, with commas between. */
  hosts: 'tidemark.dev/hosts',
} as const;
