// One site: how it stands, its times by stage, its uptime, its past; diagnose now.
import { useSignal } from '@preact/signals';
import { call, get, may, type Rollup, type TargetPage, type Transition } from '../api';
import { changes, now } from '../live';
import { moment, ms, share, span, until } from '../words';
import { Card, Failed, Moment, Since, State, Table, useAsk, useTick } from '../parts/small';
import { Times } from '../parts/chart';
import { DiagnoseNow } from '../parts/diagnose';
import { IncidentRow } from './now';

const SPANS = { '3 h': { span: 'minute', hours: 3 }, '24 h': { span: 'minute', hours: 24 }, '7 d': { span: 'hour', hours: 168 }, '30 d': { span: 'hour', hours: 720 }, '1 y': { span: 'day', hours: 8760 } } as const;
const PERIODS = { day: '24 hours', week: '7 days', month: '30 days', quarter: '90 days', year: '1 year' } as const;

interface Known { shares?: { kind: string; value: string }[]; addresses?: string[]; name_servers?: string[]; certificate?: string }
function Facts({ of }: { of: Known }) {
  const rows = ([['addresses', of.addresses], ['name servers', of.name_servers], ['certificate for', of.certificate ? [of.certificate] : []],
    ...(of.shares ?? []).filter((share) => share.kind === 'as' || share.kind === 'provider').map((share) => [share.kind, [share.value]])] as [string, string[] | undefined][]).filter(([, values]) => values && values.length > 0);
  if (rows.length === 0) return null;
  return <Card title="What is known"><dl>{rows.map(([key, values]) => <div key={key + values!.join()}><dt>{key}</dt><dd>{values!.join(', ')}</dd></div>)}</dl></Card>;
}

function Phases({ last }: { last: Rollup }) {
  const parts = [['DNS', last.resolve_ms], ['TCP', last.connect_ms], ['TLS', last.secure_ms], ['answer', last.wait_ms]] as const;
  const all = parts.reduce((sum, [, value]) => sum + (value ?? 0), 0);
  if (all <= 0) return null;
  return (
    <ul class="phases" aria-label="Mean times of the newest minute">
      {parts.map(([name, value], n) => <li key={name}><span>{name}</span><meter class={`m${n}`} min={0} max={all} value={value ?? 0} aria-label={name}>{ms(value)}</meter><span>{ms(value)}</span></li>)}
    </ul>
  );
}

export function SitePage({ id }: { id: string }) {
  const tick = useTick(30_000);
  const chosen = useSignal<keyof typeof SPANS>('3 h');
  const run = useSignal(0);
  const why = useSignal<Error | undefined>(undefined);
  const path = `/targets/${encodeURIComponent(id)}`;
  const state = now.value?.targets.find((each) => each.id === id)?.since;
  const asked = useAsk(() => get<TargetPage>(path), [id, state, changes.value, tick]);
  const { span: size, hours } = SPANS[chosen.value];
  const times = useAsk(() => get<{ rollups: Rollup[] }>(`${path}/rollups?span=${size}&from=${new Date(Date.now() - hours * 3_600_000).toISOString()}`), [id, chosen.value, tick]);
  const log = useAsk(() => get<{ transitions: Transition[] }>(`${path}/transitions?limit=50`), [id, state]);
  const of = asked.value;
  if (!of) return asked.why ? <Failed why={asked.why} again={asked.again} /> : <p class="running">Loading.</p>;
  const rows = times.value?.rollups ?? [];
  const pause = async (): Promise<void> => {
    try { await call('PUT', path, { ...of.definition, paused: !of.paused }); why.value = undefined; asked.again(); } catch (reason) { why.value = reason as Error; }
  };
  return (
    <article>
      <header class="page">
        <p><State of={of.outcome} /> {of.since && <>for <Since at={of.since} /></>}</p>
        <h1>{of.name}</h1>
        <p class="lead">{of.failure_sentence || of.detail || ''}</p>
        <p class="meta">{/^https?:/.test(of.subject) ? <a href={of.subject} rel="noreferrer noopener">{of.subject}</a> : <code>{of.subject}</code>} · {of.kind}{of.group && ` · ${of.group}`}{of.tags.map((tag) => ` · ${tag}`)}{of.owner && ` · owner ${of.owner}`}</p>
        {may('operator') && <p class="actions">
          {of.kind !== 'heartbeat' && <button type="button" class="first" id="diagnose" onClick={() => { run.value++; }}>Diagnose now <kbd>d</kbd></button>}
          {of.source === 'api' ? <><a class="button" href={`/sites/${encodeURIComponent(id)}/change`}>Change</a><button type="button" onClick={() => void pause()}>{of.paused ? 'Check it again' : 'Pause'}</button></> : <small>From the configuration file: change it there.</small>}
        </p>}
        {why.value && <Failed why={why.value} />}
      </header>
      {run.value > 0 && <Card title="Diagnosis, just now"><DiagnoseNow key={run.value} what={{ target: of.id }} /></Card>}
      <Card title="Uptime"><ul class="figures">{(Object.keys(PERIODS) as (keyof typeof PERIODS)[]).map((each) => <li key={each}><span>{PERIODS[each]}</span><b>{share(of.uptime[each].share)}</b><small>{of.uptime[each].seen_s > 0 ? of.uptime[each].incidents === 0 ? 'no incident' : `${of.uptime[each].incidents} down, ${span(of.uptime[each].down_s)}` : ''}</small></li>)}</ul><p class="meta">From incidents, not from single checks; time in which this watch could not see and maintenance are left out.</p></Card>
      <Card title="Response times" aside={<div role="group" aria-label="Time shown">{(Object.keys(SPANS) as (keyof typeof SPANS)[]).map((each) => <button type="button" key={each} aria-pressed={chosen.value === each} onClick={() => { chosen.value = each; }}>{each}</button>)}</div>}>
        {times.why ? <Failed why={times.why} again={times.again} /> : <><Times rows={rows} />{rows.length > 0 && <Phases last={rows[rows.length - 1]!} />}</>}
      </Card>
      <div class="two">
        <div>
          <Card title="Probe log">
            {log.why && <Failed why={log.why} again={log.again} />}
            {log.value && (log.value.transitions.length === 0 ? <p>Nothing has changed since it is watched.</p> : <Table caption="Every change of outcome or failure" head={['At', 'Outcome', 'What happened', 'Took']}>{log.value.transitions.map((each) => <tr key={each.id}><td>{moment(each.at)}</td><td><State of={each.outcome} /></td><td>{each.failure_sentence || each.detail}{each.address && <small> {each.address}</small>}</td><td>{ms(each.elapsed_ms)}</td></tr>)}</Table>)}
          </Card>
        </div>
        <div>
          {of.certificate_until && <Card title="Certificate"><p>{Date.parse(of.certificate_until) < Date.now() ? 'Has ' : 'Ends '}{until(of.certificate_until)}: <Moment at={of.certificate_until} />.</p></Card>}
          <Facts of={of.facts} />
          {of.incidents.length > 0 && <Card title="Incidents"><ul class="incidents">{of.incidents.map((each) => <IncidentRow key={each.id} of={each} />)}</ul></Card>}
        </div>
      </div>
    </article>
  );
}
