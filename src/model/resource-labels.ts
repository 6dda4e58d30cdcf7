/** In the labels of a document that a custom resource stands for: which keeps it, and which generation of it this is. */
export const RESOURCE_LABELS = {
  cluster: 'tidemark.dev/cluster',
  resource: 'tidemark.dev/resource',
  uid: 'tidemark.dev/uid',
  generation: 'tidemark.dev/generation',
  /** Hosts that its selectors may match, with commas between. */
  hosts: 'tidemark.dev/hosts',
  /** The destination that a source of VolSync is to be one relationship with: `west/shop/mysql`. */
  joinedWith: 'tidemark.dev/joined-with',
  /** The claim that this destination gave for a target, as JSON. */
  joinedClaim: 'tidemark.dev/joined-claim',
} as const;
