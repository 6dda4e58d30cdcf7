import { distance } from 'fastest-levenshtein';

/** Two letters swapped count as one slip, as do letters left out at the end. */
function slips(word: string, candidate: string): number {
  if (word === candidate) return 0;
  const sorted = (text: string) => [...text].sort().join('');
  if (sorted(word) === sorted(candidate)) return 1;
  if (word.length >= 3 && candidate.startsWith(word)) return 1;
  return distance(word, candidate);
}

/** The candidate that was probably meant by `word`; undefined where none is near enough. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const near = candidates
    .map((candidate) => ({ candidate, slips: slips(lower, candidate.toLowerCase()) }))
    .filter((guess) => guess.slips <= Math.max(1, Math.floor(guess.candidate.length * 0.4)))
    .sort((a, b) => a.slips - b.slips);
  return near[0]?.candidate;
}
