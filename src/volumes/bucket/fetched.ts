/** What a relationship has fetched of a bucket. */
import { makeKept } from '../shared/scratch';

export const kept = makeKept('bucket-trees');
