// Times, spans, shares and states in words.
import { signal } from '@preact/signals';

export const utc = signal(localStorage.getItem('utc') === 'yes');
export function toggleUtc(): void {
  utc.value = !utc.value;
  localStorage.setItem('utc', utc.value ? 'yes' : 'no');
}
const pad = (n: number): string => String(n).padStart(2, '0');

export function moment(text: string | null | undefined): string {
  if (!text) return '-';
  const at = new Date(text);
  if (utc.value) return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}
export const ago = (text: string | null | undefined, now = Date.now()): string =>
  text ? span((now - Date.parse(text)) / 1000) : '-';
export function until(text: string, now = Date.now()): string {
  const seconds = (Date.parse(text) - now) / 1000;
  return seconds < 0 ? `ended ${span(-seconds)} ago` : `in ${span(seconds)}`;
}
// Never rounds up to what was not reached.
export function share(value: number | null): string {
  if (value === null) return 'no figures yet';
  return value === 1 ? '100 %' : `${(Math.floor(value * 100_000) / 1000).toFixed(3)} %`;
}
export const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value < 10 ? `${value.toFixed(1)} ms` : value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;

export const MARK: Record<string, string> = {
  ok: '✓', degraded: '!', down: '✗', unknown: '?', pending: '…', paused: '‖', failed: '✗', skipped: '·', failing: '✗', undetermined: '?', notice: 'i',
};
export const WORD: Record<string, string> = {
  ok: 'up', degraded: 'degraded', down: 'down', unknown: 'unknown', pending: 'not checked yet', paused: 'paused', failing: 'failing', undetermined: 'could not tell', notice: 'notice',
};
export const OWNER: Record<string, string> = {
  you: 'yours to fix', host: "the hosting provider's to fix", edge: "the edge's to fix", network: "the network's to fix",
};
export const STAGE: Record<string, string> = { resolve: 'DNS', route: 'route', connect: 'TCP', secure: 'TLS', exchange: 'HTTP' };
