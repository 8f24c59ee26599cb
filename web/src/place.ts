// Where one is: the address's path and its question, and going elsewhere without loading anew.
import { signal } from '@preact/signals';

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

function arrive(): void {
  path.value = location.pathname;
  query.value = new URLSearchParams(location.search);
}
export function go(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, '', to);
  arrive();
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}
// What a page shows, kept in its address: a link to it shows the same. Empty values are left out.
export function ask(changes: Record<string, string>): void {
  const next = new URLSearchParams(query.value);
  for (const [key, value] of Object.entries(changes)) {
    if (value) next.set(key, value); else next.delete(key);
  }
  const text = next.toString();
  history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
  arrive();
}
addEventListener('popstate', arrive);
