/** Where in the page somebody is. */
import { computed, signal } from '@preact/signals';
import { parseAddress } from '../model/address';

const hash = signal(location.hash);

export const address = computed(() => parseAddress(hash.value));

export function startNavigation(): void {
  window.addEventListener('hashchange', () => {
    hash.value = location.hash;
  });
}

/** In place of where we are: typing into a search is no history of pages. */
export function replaceAddress(href: string): void {
  history.replaceState(null, '', href);
  hash.value = location.hash;
}
