/** The token: kept for this tab alone, and never part of an address. */
import { signal } from '@preact/signals';
import type { WhoAmI } from '../../api/operation-view';

const KEY = 'tidemark-token';

/** Undefined: requests go without one. */
export const token = signal<string | undefined>(sessionStorage.getItem(KEY) ?? undefined);

/** Whether the control worker has refused what we sent, and so somebody has to type a token. */
export const isTokenWanted = signal(false);

/** Whose the token is, and what it may do; undefined until that was answered. */
export const whoAmI = signal<WhoAmI | undefined>(undefined);

export function keepToken(given: string): void {
  sessionStorage.setItem(KEY, given);
  token.value = given;
  isTokenWanted.value = false;
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  token.value = undefined;
  isTokenWanted.value = true;
  whoAmI.value = undefined;
}
