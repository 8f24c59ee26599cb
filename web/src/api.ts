// The console's API (docs/api.md) with its types. Every change carries the session's proof.
import { signal } from '@preact/signals';

export type Outcome = 'ok' | 'degraded' | 'down' | 'unknown' | 'pending' | 'paused';
export interface Target {
  id: string; name: string; kind: string; subject: string; group: string; tags: string[];
  owner: string; source: string; paused: boolean; outcome: Outcome; since?: string | null;
  checked?: string | null; failure?: string; failure_sentence?: string; status?: number;
  address?: string; detail?: string; elapsed_ms?: number; certificate_until?: string | null;
}
export interface Incident {
  id: string; severity: 'down' | 'degraded' | 'notice'; title: string; cause: string;
  cause_title: string; owner: string; failure: string; failure_sentence: string; code: number;
  sentence: string; first_failed: string | null; opened: string | null; closed: string | null;
  acknowledged: string | null; acknowledged_by: string; merged_into: string; diagnosis: string;
  shared?: { kind: string; value: string; all: number; failing: number; expected_share: number };
  members?: string[];
}
export interface Member {
  target: string; name: string; subject: string; since: string; until: string | null;
  failure_sentence: string;
}
export interface Doc { id: string; kind: string; target: string; at: string }
export interface Alert {
  id: string; incident: string; channel: string; kind: string; state: string; created: string;
  sent: string | null; attempts: number; reason: string;
}
export interface IncidentEvent { id: number; at: string; kind: string; author: string; text: string }
export interface IncidentPage extends Omit<Incident, 'members'> {
  members: Member[]; events: IncidentEvent[]; documents: Doc[]; alerts: Alert[];
}
export interface Window {
  id: string; title: string; zone: string; starts: string; minutes: number; repeats: string;
  until: string; targets: string[]; groups: string[]; tags: string[]; note: string; source: string;
  author: string;
}
export interface Vantage { name: string; seen: string; addresses: string[]; state: string; detail: string }
export type Counts = Record<Outcome | 'all' | 'incidents', number>;
export interface Now {
  sentence: string; counts: Counts; incidents: Incident[]; targets: Target[]; vantages: Vantage[];
  expiries: { target: string; name: string; until: string }[]; maintenance: Window[];
}
export interface Rollup {
  start: string; vantage: string; ok: number; degraded: number; down: number; unknown: number;
  total_ms: number | null; total_ms_max: number; resolve_ms: number | null;
  connect_ms: number | null; secure_ms: number | null; wait_ms: number | null;
}
export interface Transition {
  id: number; at: string; vantage: string; before: string; outcome: Outcome;
  failure_sentence: string; status: number; address: string; elapsed_ms: number; detail: string;
}
export interface Uptime { share: number | null; down_s: number; seen_s: number; incidents: number }
export interface Definition {
  name: string; kind: string; url?: string; host?: string; port?: number; record?: string; origins: string[]; known_addresses: string[];
  resolver?: string; family?: string; every_address: boolean; public?: boolean; expect: Record<string, unknown>; interval: number | string; timeout: number | string;
  retry: number | string; confirm: Record<string, number>; group: string; tags: string[]; owner: string; parents: string[]; channels: string[]; paused: boolean;
}
export interface TargetPage extends Target {
  definition: Definition;
  facts: { shares?: { kind: string; value: string }[]; addresses?: string[]; name_servers?: string[]; certificate?: string }; incidents: Incident[];
  uptime: Record<'day' | 'week' | 'month' | 'quarter' | 'year', Uptime>;
}
export interface Reason { sentence: string; observations: string[] }
export interface Cause {
  id: string; probability: number; owner: string; title: string; reasons: Reason[];
  counter_reasons: Reason[]; settles: { text: string; command: string }[];
  fix: { text: string; command: string; undo: string; verify: string }[];
}
export interface StageRecord { stage: string; outcome: string; failure: string | null; elapsed_ms: number; because: string }
export interface Attempt { address: string | null; family: string; port: number; via: string; status: number | null; stages: StageRecord[] }
export interface Diagnosis {
  started: string; duration_ms: number; vantage: { name: string };
  target: { url: string; host: string };
  verdict: {
    state: string; code: number | null; stage: string | null; failure: string | null;
    sentence: string; causes: Cause[]; ruled_out: { id: string; reasons: Reason[] }[];
    missing: string[]; notes: Reason[];
  };
  attempts: Attempt[];
}

export interface Session { name: string | null; role: 'viewer' | 'operator' | 'admin' | null; proof?: string; set_up?: boolean }
export const session = signal<Session | undefined>(undefined);
export const may = (role: 'operator' | 'admin'): boolean =>
  session.value?.role === 'admin' || session.value?.role === role;

export class Problem extends Error {
  constructor(readonly status: number, title: string, readonly detail: string, readonly field = '') {
    super(detail ? `${title}: ${detail}` : title);
  }
}

export async function send(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
  const headers: Record<string, string> = { ...more };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && session.value?.proof) headers['X-Causeway-Proof'] = session.value.proof;
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`/api/v1${path}`, init);
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({})) as { title?: string; detail?: string; field?: string };
  if (response.status === 401 && session.value?.name) {
    session.value = { name: null, role: null, set_up: true };
  }
  throw new Problem(response.status, problem.title ?? `HTTP ${response.status}`, problem.detail ?? '', problem.field);
}
export async function call<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
  const response = await send(method, path, body, more);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
export const get = <T>(path: string): Promise<T> => call<T>('GET', path);
// With its tag, for a change of just what was read.
export async function getTagged<T extends object>(path: string): Promise<T & { tag: string }> {
  const response = await send('GET', path);
  return { ...await response.json() as T, tag: response.headers.get('ETag') ?? '' };
}

// A streamed answer (Server-Sent Events), event by event.
export async function stream(path: string, body: unknown, hear: (name: string, data: unknown) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(`/api/v1${path}`, {
    method: 'POST', signal, credentials: 'same-origin', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'X-Causeway-Proof': session.value?.proof ?? '' },
  });
  if (!response.ok || !response.body) {
    const problem = await response.json().catch(() => ({})) as { title?: string; detail?: string; field?: string };
    throw new Problem(response.status, problem.title ?? `HTTP ${response.status}`, problem.detail ?? '', problem.field);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const name = lines.find((line) => line.startsWith('event: '))?.slice(7);
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
      if (name) hear(name, data ? JSON.parse(data) : {});
    }
  }
}
