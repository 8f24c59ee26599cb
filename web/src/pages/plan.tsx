// Plan & reports: can a site move from one origin to another, what stops it, what to do when; and reports of incidents.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Problem, get, may, stream, type Incident } from '../api';
import { ask, go, query } from '../place';
import { moment, utc } from '../words';
import { words } from '../parts/form';
import { Card, Command, Failed, Moment, State, Table, useAsk } from '../parts/small';

interface Head { id: string; at: string; author: string; names: string[]; before: string[]; after: string[]; go: boolean; stops: number; warnings: number; unknowns: number }
interface Check { id: string; state: 'stop' | 'warn' | 'unknown' | 'good'; host: string; sentence: string; evidence: string[]; fix: string }
interface Step { when: string; offset_s: number; text: string; commands: string[]; point_of_return: boolean }
interface Seen { endpoint: string; tls: boolean; answers: boolean; failure: string | null; status: number; certificate_failures: string[]; cause: string }
interface Host { name: string; before: Seen[]; after: Seen[]; pages: { path: string; before: number; after: number; differences: number }[] }
interface Kept extends Head { document: { hosts: Host[]; checks: Check[]; steps: Step[] } }

const some = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;
const verdict = (of: Head): string => !of.go ? `no-go: ${some(of.stops, 'thing')} to mend first`
  : of.warnings + of.unknowns === 0 ? 'go: nothing stands in the way' : `go, with ${some(of.warnings, 'warning')} and ${some(of.unknowns, 'open question')}`;
const GROUPS = [['stop', 'down', 'What stops the move', 'stops the move'], ['warn', 'degraded', 'Warnings', 'warning'], ['unknown', 'unknown', 'Open questions', 'not known'], ['good', 'ok', 'What is fine', 'fine']] as const;
const FORMATS = [['text', 'Text'], ['markdown', 'Markdown'], ['html', 'Page'], ['json', 'JSON']] as const;
const REPORTS = [['text', 'Text'], ['html', 'Page'], ['json', 'JSON'], ['bundle', 'Bundle']] as const;

// The moment that a field of local time, or of UTC, names.
const named = (text: string): Date | undefined => { const at = new Date(utc.value ? `${text}Z` : text); return text && !Number.isNaN(at.getTime()) ? at : undefined; };

function Checks({ all }: { all: Check[] }) {
  return <>{GROUPS.map(([state, mark, title, word]) => {
    const these = all.filter((each) => each.state === state);
    if (these.length === 0) return null;
    const list = these.map((each, n) => (
      <article class="cause" key={n}>
        <h3><State of={mark} words={word} /> {each.host && <code>{each.host}</code>} {each.sentence}</h3>
        <p class="meta"><code>{each.id}</code></p>
        {each.evidence.length > 0 && <ul class="reasons">{each.evidence.map((line) => <li key={line}><code>{line}</code></li>)}</ul>}
        {each.fix && <p><b>To do:</b> {each.fix}</p>}
      </article>));
    return state === 'good'
      ? <details class="card" key={state}><summary>{title} ({these.length})</summary>{list}</details>
      : <Card key={state} title={`${title} (${these.length})`} id={state}>{list}</Card>;
  })}</>;
}

const answer = (of: Seen): string => of.answers ? `answers ${of.status}` : of.failure ?? 'no answer';

function Asked({ hosts }: { hosts: Host[] }) {
  return <Card title="What was asked">{hosts.map((host) => <div key={host.name}>
    <h3>{host.name}</h3>
    <Table caption={`What each origin answers for ${host.name}`} head={['Origin', 'Address', 'Answer', 'Certificate', 'Cause']}>
      {[...host.before.map((seen) => ['old', seen] as const), ...host.after.map((seen) => ['new', seen] as const)].map(([which, seen]) => <tr key={which + seen.endpoint}>
        <th scope="row">{which}</th><td><code>{seen.endpoint}</code>{seen.tls && <small>TLS</small>}</td><td><State of={seen.answers ? 'ok' : 'down'} words={answer(seen)} /></td>
        <td>{!seen.tls || !seen.answers ? '-' : seen.certificate_failures.length === 0 ? 'fine' : seen.certificate_failures.join(', ')}</td><td>{seen.cause ? <code>{seen.cause}</code> : '-'}</td></tr>)}
    </Table>
    <p class="meta">{host.pages.length === 0 ? 'No pages were compared.' : `${some(host.pages.length, 'page')} compared, ${host.pages.filter((each) => each.differences > 0).length} of them differ.`}</p>
  </div>)}</Card>;
}

function Steps({ of }: { of: Kept }) {
  const at = named(query.value.get('at') ?? '');
  return (
    <Card title="What to do when" id="steps">
      <p class="fields"><label>The records change at ({utc.value ? 'UTC' : 'local time'})<input type="datetime-local" value={query.value.get('at') ?? ''} onInput={(event) => ask({ at: event.currentTarget.value })} /></label>
        {at ? <a class="button" href={`/api/v1/plans/${of.id}/file?format=calendar&at=${at.toISOString()}`} data-plain download>Calendar (.ics)</a> : <small>A time here puts one beside each step, and gives a calendar with reminders.</small>}</p>
      <ol class="timeline">{of.document.steps.map((step, n) => (
        <li key={n} class={step.point_of_return ? 'closed' : ''}>
          <b>{step.when}</b>{at && <> · <time dateTime={new Date(at.getTime() + step.offset_s * 1000).toISOString()}>{moment(new Date(at.getTime() + step.offset_s * 1000).toISOString())}</time></>}
          <p>{step.text}</p>
          {step.point_of_return && <p class="meta">The last point of an easy return. The way back:</p>}
          {step.commands.map((command) => <Command key={command} text={command} />)}
        </li>))}</ol>
    </Card>
  );
}

// Where the form for the same question is.
const again = (of: Head): string => `/plan?${new URLSearchParams({ names: of.names.join(' '), old: of.before.join(','), new: of.after.join(',') })}`;

export function OnePlan({ id }: { id: string }) {
  const asked = useAsk(() => get<Kept>(`/plans/${encodeURIComponent(id)}`), [id]);
  const of = asked.value;
  if (!of) return asked.why ? <><h1>Plan</h1><Failed why={asked.why} /><p><a href="/plan">Plan & reports</a></p></> : <p class="running">Loading.</p>;
  return (
    <article>
      <header class="page">
        <p class={`severity ${of.go ? 'closed' : ''}`}><span aria-hidden="true">{of.go ? '✓' : '✗'}</span> {verdict(of)}</p>
        <h1>Move {of.names.join(', ')}</h1>
        <p class="lead">From {of.before.join(', ')} to {of.after.join(', ')}</p>
        <p class="meta">made <Moment at={of.at} /> by {of.author} · kept while the console runs: save it</p>
        <p class="actions">{FORMATS.map(([format, name]) => <a key={format} class="button" href={`/api/v1/plans/${of.id}/file?format=${format}`} data-plain download>{name}</a>)} {may('operator') && <a href={again(of)}>Ask again</a>} <a href="/plan">All plans</a></p>
      </header>
      <div class="two"><div><Checks all={of.document.checks} /><Asked hosts={of.document.hosts} /></div><Steps of={of} /></div>
    </article>
  );
}

type Body = Record<string, unknown>;

// Ends with the plan's page; leaving before ends the work.
function Making({ body, failed }: { body: Body; failed: (why: Error) => void }) {
  const said = useSignal<string[]>([]);
  useEffect(() => {
    const mine = new AbortController();
    let over = false;
    stream('/plans', body, (name, data) => {
      if (name === 'step') said.value = [...said.value, (data as { text: string }).text];
      if (name === 'plan') { over = true; go(`/plan/${(data as { id: string }).id}`); }
      if (name === 'refused') { over = true; failed(new Error((data as { detail: string }).detail)); }
    }, mine.signal).then(() => { if (!over) failed(new Error('The console ended before the plan was made.')); }, (why: Error) => { if (!mine.signal.aborted) failed(why); });
    return () => mine.abort();
  }, []);
  return <div aria-live="polite"><p class="running">Asking both origins: {said.value[said.value.length - 1] ?? 'beginning'}</p><details open><summary>{some(said.value.length, 'answer')}</summary><ol class="seen">{said.value.map((each, n) => <li key={n}>{each}</li>)}</ol></details></div>;
}

function Ask() {
  const run = useSignal<{ n: number; body: Body } | undefined>(undefined);
  const why = useSignal<Error | undefined>(undefined);
  const facts = useSignal('');
  const wrong = why.value instanceof Problem ? why.value.field : '';
  const given = (name: string): string => query.value.get(name) ?? '';
  const field = (name: string): object => ({ name, defaultValue: given(name), spellcheck: false, autocomplete: 'off', ...(wrong === name ? { 'aria-invalid': true, 'aria-describedby': 'wrong' } : {}) });
  const start = (event: Event): void => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
    const kept = { names: fields.names ?? '', old: fields.old ?? '', new: fields.new ?? '', zone: fields.zone ?? '', paths: fields.paths ?? '' };
    ask(kept);
    why.value = undefined;
    run.value = { n: (run.value?.n ?? 0) + 1, body: {
      names: words(kept.names), old: kept.old, new: kept.new, ssl: fields.ssl, pages: Number(fields.pages), paths: words(kept.paths),
      ...(kept.zone ? { zone: kept.zone } : {}), ...(facts.value ? { facts: facts.value } : {}),
    } };
  };
  const fail = (reason: Error): void => {
    run.value = undefined;
    why.value = reason;
    if (reason instanceof Problem && reason.field) document.querySelector<HTMLElement>(`form.plan [name="${reason.field}"]`)?.focus();
  };
  return (
    <Card title="Plan a move">
      <p>Can the site move to another machine? Both origins are asked as the edge would ask them, from here; nothing is changed.</p>
      <form class="plan" onSubmit={start}>
        <div class="fields">
          <label>Host names that move<input {...field('names')} required placeholder="www.example.net example.net" /></label>
          <label>Old origin's address<input {...field('old')} required placeholder="203.0.113.9" /></label>
          <label>New origin's address<input {...field('new')} required placeholder="198.51.100.20" /></label>
        </div>
        <details><summary>More: TLS, pages, zone, facts of the new origin</summary>
          <div class="fields">
            <label>The edge connects with<select name="ssl"><option value="strict">verified TLS (strict)</option><option value="full">any TLS (full)</option><option value="flexible">plain HTTP (flexible)</option></select></label>
            <label>Pages of each name to compare<input name="pages" type="number" min={0} max={100} defaultValue="20" {...(wrong === 'pages' ? { 'aria-invalid': true } : {})} /></label>
            <label>Begin the comparison at<input {...field('paths')} placeholder="/ /shop" /></label>
            <label>Zone whose last snapshot to use<input {...field('zone')} placeholder="example.net" /></label>
            <label>facts.json of the new origin<input name="facts" type="file" accept="application/json,.json" onChange={async (event) => { facts.value = await event.currentTarget.files?.[0]?.text() ?? ''; }} /></label>
          </div>
          <p class="meta">Both families of one machine: two addresses with a comma. The snapshot is what <code>causeway dns snapshot ZONE</code> kept on the console's machine; the facts are what <code>causeway inspect --format json</code> says on the new origin.</p>
        </details>
        <p class="actions"><button type="submit" class="first" disabled={run.value !== undefined}>Make the plan</button>{run.value && <button type="button" onClick={() => { run.value = undefined; }}>Stop</button>}</p>
        {why.value && <div id="wrong"><Failed why={why.value} /></div>}
      </form>
      {run.value && <Making key={run.value.n} body={run.value.body} failed={fail} />}
    </Card>
  );
}

export function PlanPage() {
  const plans = useAsk(() => get<{ plans: Head[] }>('/plans'), []);
  const incidents = useAsk(() => get<{ incidents: Incident[] }>('/incidents?limit=10'), []);
  return (
    <>
      <h1>Plan & reports</h1>
      {may('operator') && <Ask />}
      <Card title="Plans made here">
        {plans.why && <Failed why={plans.why} again={plans.again} />}
        {plans.value && (plans.value.plans.length === 0 ? <p>None{!may('operator') && '; making one needs the role operator'}.</p>
          : <Table caption="Plans made here" head={['Move', 'From', 'To', 'It says', 'Made', 'By']}>{plans.value.plans.map((each) => <tr key={each.id}><td><a href={`/plan/${each.id}`} data-row>{each.names.join(', ')}</a></td><td>{each.before.join(', ')}</td><td>{each.after.join(', ')}</td><td><State of={each.go ? each.warnings + each.unknowns > 0 ? 'degraded' : 'ok' : 'down'} words={verdict(each)} /></td><td><Moment at={each.at} /></td><td>{each.author}</td></tr>)}</Table>)}
        <p class="meta">The newest 16, while the console runs.</p>
      </Card>
      <Card title="Reports for the hosting provider" aside={<a href="/incidents">All incidents</a>}>
        {incidents.why && <Failed why={incidents.why} again={incidents.again} />}
        {incidents.value && (incidents.value.incidents.length === 0 ? <p>There was no incident.</p>
          : <ul class="plain">{incidents.value.incidents.map((each) => <li key={each.id}><a href={`/incidents/${each.id}`} data-row>{each.title}</a><small> {!each.closed && 'open, '}first failed <Moment at={each.first_failed} /></small>
            <p class="actions">{each.diagnosis ? REPORTS.map(([format, name]) => <a key={format} class="button" href={`/api/v1/incidents/${each.id}/report?format=${format}`} aria-label={`${name}: report of ${each.title}`} data-plain download>{name}</a>) : <small>no report: no diagnosis was kept</small>}</p></li>)}</ul>)}
        <p class="meta">What failed, when, the proof, and the question to answer. Secrets, mail addresses, user names and private addresses are hidden.</p>
      </Card>
    </>
  );
}
