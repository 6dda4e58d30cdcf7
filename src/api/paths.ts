/** Path of a relationship in the HTTP API. */
export function relationshipPath(name: string, rest = ''): string {
  return `/v1/relationships/${encodeURIComponent(name)}${rest}`;
}
