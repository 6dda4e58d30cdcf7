/** The polls whose answers the view shows most of: how old the page is. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Poll } from './poll';

export const mainPoll = signal<Poll<unknown> | undefined>(undefined);

/** The page is as old as this one says. */
export function useAsAge(poll: Poll<unknown>): void {
  useEffect(() => {
    mainPoll.value = poll;
    return () => {
      if (mainPoll.value === poll) mainPoll.value = undefined;
    };
  }, [poll]);
}
