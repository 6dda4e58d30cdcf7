/** Names at the top of a volume that are nobody's data. */
import { STATE_FOLDER } from '../model/paths';

/** In the meta folder, beside one folder per relationship. */
export const STATE_FILE = 'state.json';

/** The filesystem's own. */
export const LOST_FOUND = 'lost+found';

/** Top-level entries that belong to no volume's content. */
export const NOT_CONTENT: readonly string[] = [STATE_FOLDER, LOST_FOUND];

/** Has `find`, whose start is `.`, leave them out, with all that is in them. */
export const pruneNames = (names: readonly string[]): string[] =>
  names.flatMap((name) => ['-path', `./${name}`, '-prune', '-o']);
