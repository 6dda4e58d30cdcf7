/** Patterns of rsync: what was left out of a copy, and what of that not. */
export interface Filters {
  include: string[];
  exclude: string[];
}
