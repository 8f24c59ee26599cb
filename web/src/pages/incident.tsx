// Incidents: the list, and one with everything that belongs to it.
import { useSignal } from '@preact/signals';
import { call, get, may, type Diagnosis, type Incident, type IncidentPage } from '../api';
import { changes } from '../live';
import { OWNER, moment, share, span } from '../words';
import { Card, Copy, Failed, Moment, Since, Table, useAsk } from '../parts/small';
import { Verdict } from '../parts/verdict';
import { DiagnoseNow } from '../parts/diagnose';
import { IncidentRow } from './now';

export function IncidentsPage() {
  const open = useSignal(false);
  const asked = useAsk(() => get<{ incidents: Incident[]; next: string | null }>(`/incidents?limit=100${open.value ? '&state=open' : ''}`), [open.value, changes.value]);
  return (
    <>
      <h1>Incidents</h1>
      <p role="group" aria-label="Show"><button type="button" aria-pressed={!open.value} onClick={() => { open.value = false; }}>all</button> <button type="button" aria-pressed={open.value} onClick={() => { open.value = true; }}>open</button></p>
      {asked.why && <Failed why={asked.why} again={asked.again} />}
      {asked.value && (asked.value.incidents.length === 0 ? <p>None.</p> : <ul class="incidents card">{asked.value.incidents.map((each) => <IncidentRow key={each.id} of={each} />)}</ul>)}
    </>
  );
}

function draft(of: IncidentPage): string {
  return [`# ${of.title}`, '', `From ${of.first_failed} to ${of.closed ?? 'now (still open)'}.`,
    `Cause: ${of.cause_title || of.cause}. ${of.sentence}`, '', '## Affected', ...of.members.map((each) => `- ${each.name} (${each.subject}), from ${each.since} to ${each.until ?? 'now'}`),
    '', '## Timeline (UTC)', ...of.events.map((each) => `- ${each.at} ${each.text}`), '', '## What went well, what did not', '', '## What changes so that it does not come again', ''].join('\n');
}

const FORMATS = [['text', 'Text'], ['html', 'Page'], ['json', 'JSON'], ['bundle', 'Bundle (.tar.zst)']] as const;

function Kept({ of }: { of: IncidentPage }) {
  const asked = useAsk(() => get<Diagnosis>(`/incidents/${of.id}/documents/${of.diagnosis}`), [of.id, of.diagnosis]);
  if (asked.why) return <Failed why={asked.why} again={asked.again} />;
  return asked.value ? <Verdict of={asked.value} /> : <p class="running">Loading.</p>;
}

function Notes({ id, again }: { id: string; again: () => void }) {
  const text = useSignal('');
  const why = useSignal<Error | undefined>(undefined);
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await call('POST', `/incidents/${id}/notes`, { text: text.value });
      text.value = '';
      why.value = undefined;
      again();
    } catch (reason) { why.value = reason as Error; }
  };
  return (
    <form onSubmit={(event) => void add(event)} class="notes">
      <label for="note">Add a note</label>
      <textarea id="note" rows={2} required value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
      <button type="submit">Add note</button>
      {why.value && <Failed why={why.value} />}
    </form>
  );
}

// What people know to be one trouble, or two, although it looked otherwise.
function Merge({ of, again }: { of: IncidentPage; again: () => void }) {
  const into = useSignal('');
  const why = useSignal<Error | undefined>(undefined);
  const asked = useAsk(() => get<{ incidents: Incident[] }>('/incidents?limit=100&state=open'), [of.id]);
  const others = (asked.value?.incidents ?? []).filter((each) => each.id !== of.id && each.severity !== 'notice');
  const merge = async (event: Event): Promise<void> => {
    event.preventDefault();
    try { await call('POST', `/incidents/${of.id}/merge`, { into: into.value }); why.value = undefined; again(); } catch (reason) { why.value = reason as Error; }
  };
  if (others.length === 0) return null;
  return (
    <form onSubmit={(event) => void merge(event)} class="notes">
      <label for="into">The same trouble as</label>
      <select id="into" required value={into.value} onChange={(event) => { into.value = event.currentTarget.value; }}>
        <option value="">another open incident</option>
        {others.map((each) => <option key={each.id} value={each.id}>{each.title}</option>)}
      </select>
      <button type="submit">Merge into it</button>
      {why.value && <Failed why={why.value} />}
    </form>
  );
}

export function OneIncident({ id }: { id: string }) {
  const asked = useAsk(() => get<IncidentPage>(`/incidents/${encodeURIComponent(id)}`), [id, changes.value]);
  const why = useSignal<Error | undefined>(undefined);
  const diagnosing = useSignal<string | undefined>(undefined);
  const of = asked.value;
  if (!of) return asked.why ? <Failed why={asked.why} again={asked.again} /> : <p class="running">Loading.</p>;
  const acknowledge = async (): Promise<void> => {
    try { await call('POST', `/incidents/${of.id}/acknowledge`); asked.again(); } catch (reason) { why.value = reason as Error; }
  };
  const split = async (target: string): Promise<void> => {
    try { await call('POST', `/incidents/${of.id}/split`, { target }); why.value = undefined; asked.again(); } catch (reason) { why.value = reason as Error; }
  };
  const failing = of.closed ? 0 : of.members.filter((each) => !each.until).length;
  const splits = failing > 1 && may('operator');
  const lasted = (Date.parse(of.closed ?? new Date().toISOString()) - Date.parse(of.first_failed ?? '')) / 1000;
  return (
    <article>
      <header class="page">
        <p class={`severity ${of.closed ? 'closed' : of.severity}`}><span aria-hidden="true">{of.closed ? '✓' : '✗'}</span> {of.closed ? 'closed' : `open, ${of.severity}`}</p>
        <h1>{of.title}</h1>
        <p class="lead">{of.sentence || of.failure_sentence}</p>
        <p class="meta">
          {of.code > 0 && <>visitors see <b>{of.code}</b> · </>}{of.cause && <><code>{of.cause}</code> · </>}{of.owner && `${OWNER[of.owner] ?? of.owner} · `}
          first failed <Moment at={of.first_failed} /> · {of.closed ? `lasted ${span(lasted)}` : <>for <Since at={of.first_failed} /></>}
        </p>
        <p class="actions">
          {!of.closed && !of.acknowledged && may('operator') && <button type="button" class="first" id="acknowledge" onClick={() => void acknowledge()}>Acknowledge <kbd>e</kbd></button>}
          {of.merged_into && <span>Goes on as <a href={`/incidents/${of.merged_into}`}>another incident</a></span>}
          {of.acknowledged && <span>Taken by {of.acknowledged_by}, <Moment at={of.acknowledged} /></span>}
          {may('operator') && of.members[0] && <button type="button" id="diagnose" onClick={() => { diagnosing.value = of.members[0]!.target; }}>Diagnose now <kbd>d</kbd></button>}
        </p>
        {why.value && <Failed why={why.value} />}
      </header>
      {diagnosing.value && <Card title="Diagnosis, just now"><DiagnoseNow key={diagnosing.value} what={{ target: diagnosing.value }} /></Card>}
      <div class="two">
        <div>
          {of.diagnosis && <Card title="Diagnosis when it opened"><Kept of={of} /></Card>}
          <Card title={`Members (${of.members.length})`} id="members">
            {of.shared && <p>{of.shared.failing} of {of.shared.all} sites with the {of.shared.kind} <code>{of.shared.value}</code> fail; among all other sites {share(of.shared.expected_share)} do.</p>}
            <Table caption="Members of the incident" head={splits ? ['Site', 'Failure', 'From', 'To', 'Change'] : ['Site', 'Failure', 'From', 'To']}>
              {of.members.map((each) => <tr key={each.target + each.since}><td><a href={`/sites/${encodeURIComponent(each.target)}`}>{each.name}</a></td><td>{each.failure_sentence}</td><td>{moment(each.since)}</td><td>{each.until ? moment(each.until) : 'still failing'}</td>{splits && <td>{!each.until && <button type="button" aria-label={`Split off ${each.name}`} onClick={() => void split(each.target)}>Split off</button>}</td>}</tr>)}
            </Table>
            {!of.closed && of.severity !== 'notice' && may('operator') && <Merge of={of} again={asked.again} />}
          </Card>
        </div>
        <div>
          <Card title="Timeline">
            <ol class="timeline">{of.events.map((each) => <li key={each.id} class={each.kind}><Moment at={each.at} /><p>{each.text}{each.author !== 'causeway' && <small> {each.author}</small>}</p></li>)}</ol>
            {may('operator') && <Notes id={of.id} again={asked.again} />}
          </Card>
          {of.documents.length > 0 && <Card title="Evidence kept"><ul class="plain">{of.documents.map((each) => <li key={each.id}><a href={`/api/v1/incidents/${of.id}/documents/${each.id}`} data-plain>{each.kind}</a><small> {each.target}, {moment(each.at)}</small></li>)}</ul></Card>}
          <Card title="Alerts">{of.alerts.length === 0 ? <p>None were due.</p> : <ul class="plain">{of.alerts.map((each) => <li key={each.id}>{each.channel}: {each.kind}, {each.state}<small> {each.sent ? moment(each.sent) : each.reason}</small></li>)}</ul>}</Card>
          <Card title="Report for the hosting provider">{of.diagnosis ? <><p>What failed, when, the proof, what was ruled out, and the question to answer. Secrets, mail addresses, user names and private addresses are hidden.</p><p class="actions">{FORMATS.map(([format, name]) => <a key={format} class="button" href={`/api/v1/incidents/${of.id}/report?format=${format}`} data-plain download>{name}</a>)}</p></> : <p>It needs the diagnosis, which is not there yet.</p>}</Card>
          <Card title="Post-mortem draft" aside={<Copy text={draft(of)} />}><pre tabIndex={0} class="draft">{draft(of)}</pre></Card>
        </div>
      </div>
    </article>
  );
}
