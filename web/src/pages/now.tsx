// Now: one sentence, the open incidents, every site the worst first.
import { useSignal } from '@preact/signals';
import { may, type Incident, type Target } from '../api';
import { link, now, partial, whole } from '../live';
import { OWNER, ms, until } from '../words';
import { Card, Since, State } from '../parts/small';

export function IncidentRow({ of }: { of: Incident }) {
  const members = of.members ?? [];
  return (
    <li class={`incident ${of.closed ? 'closed' : of.severity}`}>
      <a href={`/incidents/${of.id}`} data-row>
        <span class="title"><span aria-hidden="true">{of.closed ? '✓' : '✗'}</span> {of.title}</span>
        <span class="meta">
          {of.cause && of.cause !== 'unknown' ? <code>{of.cause}</code> : 'cause not known yet'} · {of.closed ? <>closed <Since at={of.closed} /> ago</> : <>for <Since at={of.first_failed} /></>}
          {members.length > 1 && ` · ${members.length} sites`}
          {of.shared && ` · ${of.shared.failing} of ${of.shared.all} with the ${of.shared.kind} ${of.shared.value}`}
          {of.owner && ` · ${OWNER[of.owner] ?? of.owner}`}
        </span>
        <span class="ack">{of.closed ? '' : of.acknowledged ? `taken by ${of.acknowledged_by}` : 'nobody has it yet'}</span>
      </a>
    </li>
  );
}

function Row({ of }: { of: Target }) {
  return (
    <li class={`site ${of.outcome}`}>
      <a href={`/sites/${encodeURIComponent(of.id)}`} data-row>
        <State of={of.outcome} />
        <span class="name">{of.name}</span>
        <span class="subject">{of.subject}</span>
        <span class="why">{of.failure_sentence || of.detail || ''}</span>
        <span class="time">{of.outcome === 'ok' ? ms(of.elapsed_ms) : of.since ? <>for <Since at={of.since} /></> : ''}</span>
      </a>
    </li>
  );
}

const SHOWN = ['all', 'down', 'degraded', 'unknown', 'paused'] as const;

export function NowPage() {
  const search = useSignal('');
  const only = useSignal<(typeof SHOWN)[number]>('all');
  const page = now.value;
  if (!page) return <p class="running">{link.value === 'lost' ? 'The server does not answer; trying again.' : 'Loading.'}</p>;
  const text = search.value.toLowerCase();
  const shown = page.targets.filter((each) => (only.value === 'all' || each.outcome === only.value)
    && (!text || [each.name, each.subject, each.group, each.id, ...each.tags].some((part) => part.toLowerCase().includes(text))));
  return (
    <div class="now">
      <div class="main">
        <h1 class="sentence">{page.sentence}</h1>
        {page.incidents.length > 0 && <Card title="Open incidents"><ul class="incidents">{page.incidents.map((each) => <IncidentRow key={each.id} of={each} />)}</ul>{page.counts.incidents > page.incidents.length && <p>{page.counts.incidents - page.incidents.length} more are open, opened before these: <a href="/incidents">all incidents</a>.</p>}</Card>}
        <Card title="Sites" aside={
          <div class="filters">
            <input type="search" id="search" aria-label="Search sites" placeholder="Search  /" value={search.value} onInput={(event) => { search.value = event.currentTarget.value; whole(); }} />
            {may('operator') && <a class="button" href="/add">Add a site</a>}
            <div role="group" aria-label="Show">
              {SHOWN.filter((each) => each === 'all' || page.counts[each] > 0).map((each) => <button type="button" key={each} aria-pressed={only.value === each} onClick={() => { only.value = each; if (each !== 'all') whole(); }}>{each} {page.counts[each]}</button>)}
            </div>
          </div>}>
          {shown.length === 0 ? <p>{page.targets.length === 0 ? <>Nothing is watched yet. {may('operator') ? <a href="/add">Add a site</a> : 'An operator can add sites'}, or name targets in the configuration file.</> : 'No site matches.'}</p> : <ul class="sites">{shown.map((each) => <Row key={each.id} of={each} />)}</ul>}
          {partial.value && <p class="pages"><span>The {page.targets.length} worst of {page.counts.all} sites.</span> <button type="button" onClick={whole}>Show all</button></p>}
        </Card>
      </div>
      <aside class="rail" aria-label="More">
        {page.vantages.length > 0 && <Card title="Vantage points"><ul class="plain">{page.vantages.map((each) => <li key={each.name}><State of={each.state === 'ok' ? 'ok' : 'unknown'} /> {each.name}<small> {each.state === 'ok' ? <>seen <Since at={each.seen} /> ago</> : each.detail || each.state}</small></li>)}</ul></Card>}
        {page.expiries.length > 0 && <Card title="Next expiries" aside={<a href="/certificates">All</a>}><ul class="plain">{page.expiries.map((each) => <li key={each.target}><a href={`/sites/${encodeURIComponent(each.target)}`}>{each.name}</a><small> {until(each.until)}</small></li>)}</ul></Card>}
        {(page.maintenance.length > 0 || may('operator')) && <Card title="Maintenance" aside={<a href="/settings/maintenance">Plan</a>}>{page.maintenance.length === 0 ? <p>None planned.</p> : <ul class="plain">{page.maintenance.map((each) => <li key={each.id}>{each.title}<small> {each.starts.replace('T', ' ')} {each.zone}</small></li>)}</ul>}</Card>}
      </aside>
    </div>
  );
}
