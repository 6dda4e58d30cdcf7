/** Where a volume is among others of its host: two can only overlap within one family, and then as folders do. */
export interface Location {
  family: string;
  /** Absolute, of parts that slashes separate. */
  path: string;
  /** What users call it. */
  noun: 'directory' | 'volume';
}

/** A folder among others of its host; undefined for what is not absolute. */
export function locateFolder(path: string): Location | undefined {
  return path.startsWith('/') ? { family: 'folder', path, noun: 'directory' } : undefined;
}
