// What stands on the first page, kept true by the server's events.
import { batch, computed, signal } from '@preact/signals';
import { get, type Counts, type Incident, type Now, type Target } from './api';

export const now = signal<Now | undefined>(undefined);
export const link = signal<'live' | 'lost'>('live');
export const said = signal(''); // for screen readers: only what changed in state
// Of many sites the worst come first, and the rest when somebody wants to see them.
const FIRST = 200;
const all = signal(false);
export const partial = computed(() => !all.value && now.value !== undefined && now.value.targets.length < now.value.counts.all);
export const changes = signal(0); // of incidents: pages that show one ask again

const WORST: Record<string, number> = { down: 0, degraded: 1, unknown: 2, pending: 3, paused: 4, ok: 5 };
export const worstFirst = (a: Target, b: Target): number =>
  (WORST[a.outcome] ?? 9) - (WORST[b.outcome] ?? 9) || a.name.localeCompare(b.name);

function merge<T extends { id: string }>(all: T[], changed: T[], gone: string[]): T[] {
  const byId = new Map(all.map((each) => [each.id, each]));
  for (const each of changed) byId.set(each.id, each);
  for (const id of gone) byId.delete(id);
  return [...byId.values()];
}

let source: EventSource | undefined;

async function refresh(): Promise<void> {
  const asked = all.value;
  const got = await get<Now>(asked ? '/now' : `/now?targets=${FIRST}`);
  if (asked !== all.value) return; // all were asked for meanwhile
  now.value = got;
  link.value = 'live';
}

// Every site, for who searches or chooses among them.
export function whole(): void {
  if (!partial.value) return;
  all.value = true;
  void refresh().catch(() => { all.value = false; link.value = 'lost'; });
}

export function follow(): void {
  if (source) return;
  void refresh().catch(() => { link.value = 'lost'; });
  source = new EventSource('/api/v1/events');
  const on = (name: string, take: (data: never) => void): void =>
    source?.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as never));
  // A new connection has missed what happened before it.
  on('hello', () => { void refresh().catch(() => { link.value = 'lost'; }); });
  on('summary', (data: { sentence: string; counts: Counts }) => {
    if (!now.value) return;
    now.value = { ...now.value, ...data };
    said.value = data.sentence;
  });
  on('targets', (data: { changed: Target[]; gone: string[] }) => {
    if (now.value) now.value = { ...now.value, targets: merge(now.value.targets, data.changed, data.gone).sort(worstFirst) };
  });
  on('incidents', (data: { changed: Incident[]; closed: string[] }) => {
    if (!now.value) return;
    batch(() => {
      now.value = { ...now.value!, incidents: merge(now.value!.incidents, data.changed, data.closed).sort((a, b) => (b.opened ?? '').localeCompare(a.opened ?? '')) };
      changes.value++;
    });
  });
  source.onerror = () => { link.value = 'lost'; };
}
export function leave(): void {
  source?.close();
  source = undefined;
  now.value = undefined;
  all.value = false;
}
