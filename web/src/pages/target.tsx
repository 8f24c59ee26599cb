// Adding a site to those that are watched, and changing one that was added here.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { call, getTagged, may, Problem, type Definition, type TargetPage } from '../api';
import { go } from '../place';
import { list, Remove, words } from '../parts/form';
import { Card, Failed, useAsk } from '../parts/small';
import { DiagnoseNow } from '../parts/diagnose';

const KINDS: Record<string, [name: string, address: string, example: string]> = {
  http: ['Web page (http, https)', 'Address', 'https://www.example.net/'],
  tcp: ['TCP port', 'Host and port', 'db.example.net:5432'],
  tls: ['TLS port, with its certificate', 'Host and port', 'mail.example.net:465'],
  ping: ['Machine (ping)', 'Host', 'router.example.net'],
  dns: ['DNS record', 'Name', 'www.example.net'],
  heartbeat: ['Heartbeat (a job calls us)', '', ''],
};
const seconds = (value: number | string | undefined): string => value === undefined ? '' : typeof value === 'number' ? `${value}s` : value;

// What the form's one address field holds for a definition.
function addressOf(of: Definition | undefined): string {
  if (!of) return '';
  if (of.kind === 'http') return of.url ?? '';
  const host = of.host?.includes(':') ? `[${of.host}]` : of.host ?? '';
  return of.port ? `${host}:${of.port}` : host;
}

// The definition that the fields make, over the one that was there: what has no field here stays.
function definition(fields: Record<string, string>, before: Definition | undefined): unknown {
  const kind = fields.kind ?? before?.kind ?? 'http';
  const { host: _host, port: _port, url: _url, ...rest } = before ?? {} as Definition;
  const expect: Record<string, unknown> = { ...before?.expect };
  const set = (key: string, value: unknown): void => { if (value) expect[key] = value; else delete expect[key]; };
  set('status', Number(fields.status) || 0);
  set('text', fields.text);
  set('absent', fields.absent);
  if (kind === 'dns') set('values', list(fields.values).length > 0 ? list(fields.values) : undefined);
  const address = fields.address?.trim() ?? '';
  const out: Record<string, unknown> = {
    ...rest, kind, expect, name: fields.name, group: fields.group, owner: fields.owner, tags: list(fields.tags),
    interval: fields.interval, timeout: fields.timeout, retry: fields.retry, origins: words(fields.origins),
    known_addresses: words(fields.known), parents: words(fields.parents), channels: list(fields.channels), paused: fields.paused === 'on',
    every_address: fields.every === 'on', public: fields.public === 'on',
    confirm: { ...before?.confirm, open_failures: Number(fields.open_failures), open_of: Number(fields.open_of), close_successes: Number(fields.close_successes), close_of: Number(fields.close_of) },
  };
  if (kind !== 'heartbeat') out.url = kind === 'http' ? address : `${kind}://${address.replace(/^[a-z]+:\/\//, '')}`;
  if (kind === 'dns') out.record = fields.record;
  if (!before && fields.id) out.id = fields.id;
  return out;
}

// What the API calls its members, as this form's fields are called.
const FIELD: Record<string, string> = { url: 'address', host: 'address', port: 'address', 'expect.status': 'status', 'expect.text': 'text', 'expect.absent': 'absent', 'expect.values': 'values', known_addresses: 'known', confirm: 'open_failures' };

function Field({ name, text, hint, ...more }: { name: string; text: ComponentChildren; hint?: string } & Record<string, unknown>) {
  return <label>{text}<input name={name} spellcheck={false} {...more} />{hint && <small>{hint}</small>}</label>;
}
function Check({ name, text, on }: { name: string; text: string; on: boolean }) {
  return <label class="check"><input type="checkbox" name={name} defaultChecked={on} /> {text}</label>;
}
// The field that a problem names gets the focus, and says so to a screen reader.
function mark(form: HTMLFormElement, why: Problem | undefined): void {
  for (const each of form.querySelectorAll('[aria-invalid]')) { each.removeAttribute('aria-invalid'); each.removeAttribute('aria-describedby'); }
  const input = why?.field ? form.elements.namedItem(FIELD[why.field] ?? why.field) : null;
  if (!(input instanceof HTMLElement)) return;
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', 'wrong');
  input.closest('details')?.setAttribute('open', '');
  input.focus();
}

function Fields({ of, id }: { of?: Definition; id?: string }) {
  const kind = useSignal(of?.kind ?? 'http');
  const [, label, example] = KINDS[kind.value]!;
  const expect = (of?.expect ?? {}) as { status?: number; text?: string; absent?: string; values?: string[] };
  return (
    <>
      <Card title="What is watched"><div class="fields">
        <label>Kind<select name="kind" value={kind.value} disabled={of !== undefined} onChange={(event) => { kind.value = event.currentTarget.value; }}>{Object.entries(KINDS).map(([key, [name]]) => <option key={key} value={key}>{name}</option>)}</select></label>
        {kind.value !== 'heartbeat' && <Field key={kind.value} name="address" text={label} required placeholder={example} defaultValue={of?.kind === kind.value ? addressOf(of) : ''} class="wide" />}
        {kind.value === 'dns' && <label>Record<select name="record" defaultValue={of?.record ?? 'A'}>{['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT'].map((each) => <option key={each} selected={each === (of?.record ?? 'A')}>{each}</option>)}</select></label>}
        {!id && <Field name="id" text="Id" required={kind.value === 'heartbeat'} placeholder={kind.value === 'heartbeat' ? 'nightly-backup' : 'made of the address'} pattern="[a-z0-9._\-]+" title="a-z 0-9 - _ ." />}
        <Field name="name" text="Name" defaultValue={of?.name ?? ''} placeholder="as people call it" maxLength={200} />
        <Field name="group" text="Group" defaultValue={of?.group ?? ''} />
        <Field name="tags" text="Tags" defaultValue={of?.tags.join(', ') ?? ''} placeholder="production, provider:hoster" />
        <Field name="owner" text="Owner" defaultValue={of?.owner ?? ''} />
        <Field name="interval" text={kind.value === 'heartbeat' ? 'A beat at least every' : 'Every'} defaultValue={seconds(of?.interval) || '60s'} placeholder="60s, 5m, 1h" required />
      </div></Card>
      {kind.value !== 'heartbeat' && <Card title="What a right answer is"><div class="fields">
        {kind.value === 'http' && <><Field name="status" text="HTTP status" type="number" min={100} max={599} defaultValue={expect.status ? String(expect.status) : ''} placeholder="any below 400" />
          <Field name="text" text="Text in the page" defaultValue={expect.text ?? ''} /><Field name="absent" text="Text that must not be there" defaultValue={expect.absent ?? ''} /></>}
        {kind.value === 'dns' && <Field name="values" text="The whole set of values" defaultValue={expect.values?.join(', ') ?? ''} placeholder="any" class="wide" />}
        <Field name="timeout" text="Answers within" defaultValue={seconds(of?.timeout) || '10s'} required />
        {kind.value === 'http' && <><Field name="origins" text="Origins, asked directly too" defaultValue={of?.origins.join(' ') ?? ''} placeholder="203.0.113.10" hint="Tells the edge's fault from the origin's." />
          <Field name="known" text="Addresses that are the origin's" defaultValue={of?.known_addresses.join(' ') ?? ''} placeholder="203.0.113.10" hint="A record that leads elsewhere is named." /></>}
      </div></Card>}
      <details class="card"><summary>More: confirming, depending on others, who is told</summary><div class="fields">
        <Field name="retry" text="A failure is checked again after" defaultValue={seconds(of?.retry) || '5s'} />
        <Field name="open_failures" text="So many failures open an incident" type="number" min={1} max={16} defaultValue={String(of?.confirm.open_failures ?? 3)} />
        <Field name="open_of" text="among so many newest checks" type="number" min={1} max={16} defaultValue={String(of?.confirm.open_of ?? 3)} />
        <Field name="close_successes" text="So many successes end it" type="number" min={1} max={16} defaultValue={String(of?.confirm.close_successes ?? 2)} />
        <Field name="close_of" text="among so many newest checks" type="number" min={1} max={16} defaultValue={String(of?.confirm.close_of ?? 2)} />
        <Field name="parents" text="Depends on (ids)" defaultValue={of?.parents.join(' ') ?? ''} hint="While one of them is down, alerts are held." />
        <Field name="channels" text="Channels" defaultValue={of?.channels.join(', ') ?? ''} placeholder="all" />
        <Check name="every" text="Every address of the name" on={of?.every_address ?? true} />
        <Check name="paused" text="Paused: not checked" on={of?.paused ?? false} />
        <Check name="public" text="Shown on the public status page" on={of?.public ?? true} />
      </div></details>
    </>
  );
}

function TargetForm({ of, id, name, tag }: { of?: Definition; id?: string; name?: string; tag?: string }) {
  const why = useSignal<Problem | undefined>(undefined);
  const busy = useSignal(false);
  const test = useSignal<{ run: number; url: string } | undefined>(undefined);
  const fieldsOf = (form: HTMLFormElement): Record<string, string> => Object.fromEntries(new FormData(form)) as Record<string, string>;
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    busy.value = true;
    try {
      const answer = await call<{ id: string }>(id ? 'PUT' : 'POST', id ? `/targets/${encodeURIComponent(id)}` : '/targets', definition(fieldsOf(form), of), tag ? { 'If-Match': tag } : {});
      go(`/sites/${encodeURIComponent(answer.id)}`);
    } catch (reason) {
      why.value = reason instanceof Problem ? reason : new Problem(0, (reason as Error).message, '');
      mark(form, why.value);
    } finally { busy.value = false; }
  };
  const tryNow = (event: Event): void => {
    const form = (event.currentTarget as HTMLButtonElement).form!;
    const fields = fieldsOf(form);
    why.value = undefined;
    const url = (fields.address ?? '').trim();
    if ((fields.kind ?? of?.kind) === 'http' && url) test.value = { run: (test.value?.run ?? 0) + 1, url };
    else why.value = new Problem(0, 'A web page can be tested before it is added', 'give its address; the other kinds are checked as soon as they are added', 'url');
    mark(form, why.value);
  };
  return (
    <form class="target" onSubmit={(event) => void enter(event)}>
      <Fields of={of} id={id} />
      {why.value && <p id="wrong" class="failed" role="alert">{why.value.message}</p>}
      <p class="actions">
        <button type="submit" class="first" disabled={busy.value}>{id ? 'Save' : 'Add it'}</button>
        <button type="button" onClick={tryNow}>Test now</button>
        {id && <Remove path={`/targets/${encodeURIComponent(id)}`} what={name ?? id} done={() => go('/')} />}
        <a href={id ? `/sites/${encodeURIComponent(id)}` : '/'}>Cancel</a>
      </p>
      {test.value && <Card title="Test, just now"><DiagnoseNow key={test.value.run} what={{ url: test.value.url }} /></Card>}
    </form>
  );
}

export function AddTargetPage() {
  if (!may('operator')) return <><h1>Add a site</h1><p>This needs the role operator. <a href="/">Now</a></p></>;
  return <><h1>Add a site</h1><p class="lead">It is checked at once, and from then on.</p><TargetForm /></>;
}

export function ChangeTargetPage({ id }: { id: string }) {
  const asked = useAsk(() => getTagged<TargetPage>(`/targets/${encodeURIComponent(id)}`), [id]);
  const of = asked.value;
  if (!of) return asked.why ? <Failed why={asked.why} again={asked.again} /> : <p class="running">Loading.</p>;
  if (of.source !== 'api') return <><h1>{of.name}</h1><p>This site stands in the configuration file: change it there, then send the watch HUP. <a href={`/sites/${encodeURIComponent(id)}`}>Back</a></p></>;
  if (!may('operator')) return <><h1>{of.name}</h1><p>Changing it needs the role operator. <a href={`/sites/${encodeURIComponent(id)}`}>Back</a></p></>;
  return <><h1>Change {of.name}</h1><p class="lead">Its history stays.</p><TargetForm of={of.definition} id={id} name={of.name} tag={of.tag} /></>;
}
