// Vantages: what each place sees of each site, and where they disagree.
import { useSignal } from '@preact/signals';
import { get, type Outcome } from '../api';
import { ask, query } from '../place';
import { ago, moment } from '../words';
import { Card, Failed, State, Table, useAsk, useTick } from '../parts/small';

interface Cell { outcome: Outcome; failure: string; failure_sentence: string; checked?: string; since?: string }
interface Place { name: string; state: string; seen: string | null; targets: number; failing: number; alone: number; sentence: string }
interface Row { id: string; name: string; group: string; subject: string; outcome: Outcome; disagree: boolean; sentence: string; cells: Record<string, Cell> }
interface Matrix { vantages: Place[]; targets: Row[]; counts: { all: number; disagree: number; failing: number }; matching: number; next: string | null }

const SHOWN = { all: 'all', disagree: 'places disagree', failing: 'some place sees it fail' } as const;
type Shown = keyof typeof SHOWN;
const ROWS = 100;

function Seen({ of, now }: { of: Cell | undefined; now: number }) {
  if (!of) return <td class="none">not checked from here</td>;
  const at = of.checked ?? of.since;
  return (
    <td class={`cell ${of.outcome}`}>
      <State of={of.outcome} />
      {of.failure && <small title={of.failure_sentence}><code>{of.failure}</code></small>}
      <small><time dateTime={at} title={moment(at)}>{of.checked ? `${ago(at, now)} ago` : `since ${ago(at, now)}`}</time></small>
    </td>
  );
}

export function VantagesPage() {
  const tick = useTick(10_000);
  const search = useSignal(query.value.get('search') ?? '');
  const show = (query.value.get('show') ?? 'all') as Shown;
  const page = Math.max(1, Number(query.value.get('page')) || 1);
  const text = query.value.get('search') ?? '';
  const asked = useAsk(() => get<Matrix>(`/matrix?show=${show in SHOWN ? show : 'all'}&limit=${ROWS}&cursor=${(page - 1) * ROWS}&search=${encodeURIComponent(text)}`), [show, page, text, tick]);
  const of = asked.value;
  const places = of?.vantages ?? [];
  const told = places.filter((each) => each.sentence);
  const last = of ? Math.max(1, Math.ceil(of.matching / ROWS)) : 1;
  return (
    <>
      <h1>Vantages</h1>
      <p class="lead">What each place sees of each site. Where places disagree, the trouble is on the way from one of them, or at one of several servers.</p>
      <div class="filters">
        <input type="search" id="search" aria-label="Search sites" placeholder="Search  /" value={search.value} onInput={(event) => { search.value = event.currentTarget.value; ask({ search: search.value, page: '' }); }} />
        <div role="group" aria-label="Show">{(Object.keys(SHOWN) as Shown[]).map((each) => <button type="button" key={each} aria-pressed={show === each} onClick={() => ask({ show: each === 'all' ? '' : each, page: '' })}>{SHOWN[each]}{of && ` ${of.counts[each]}`}</button>)}</div>
      </div>
      {asked.why && <Failed why={asked.why} again={asked.again} />}
      {told.length > 0 && <Card title="What stands out"><ul class="plain">{told.map((each) => <li key={each.name}><span aria-hidden="true">!</span> {each.sentence}</li>)}</ul></Card>}
      {!of ? !asked.why && <p class="running">Loading.</p> : of.targets.length === 0 ? <p>{of.counts.all === 0 ? 'Nothing is watched yet.' : show === 'disagree' && !text ? 'All places agree on every site.' : 'No site matches.'}</p> : (
        <Card title={`Sites (${of.matching})`} id="matrix">
          {places.length < 2 && <p>Only one place checks so far. <a href="/settings/tokens">A token of the scope reporter</a> and <code>causeway agent</code> on another machine add one.</p>}
          <Table caption="Sites by vantages" head={[]} columns={<tr><th scope="col">Site</th>{places.map((each) => <th scope="col" key={each.name}>{each.name} <State of={each.state === 'ok' ? 'ok' : 'unknown'} words={each.state === 'ok' ? 'sees' : 'cannot see'} /></th>)}</tr>} class="matrix">
            {of.targets.map((row) => <tr key={row.id} class={row.disagree ? 'odd' : ''}><th scope="row"><a href={`/sites/${encodeURIComponent(row.id)}`} data-row>{row.name}</a>{row.group && <small>{row.group}</small>}{row.sentence && <small class="odd">{row.sentence}</small>}</th>{places.map((each) => <Seen key={each.name} of={row.cells[each.name]} now={tick} />)}</tr>)}
          </Table>
          {last > 1 && <nav class="pages" aria-label="Pages of the table"><button type="button" disabled={page <= 1} onClick={() => ask({ page: page === 2 ? '' : String(page - 1) })}>Previous</button><span>Page {page} of {last}</span><button type="button" disabled={page >= last} onClick={() => ask({ page: String(page + 1) })}>Next</button></nav>}
        </Card>)}
    </>
  );
}
