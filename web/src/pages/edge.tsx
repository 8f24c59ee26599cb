// Edge: pools and origins of one's own edges, their verdicts, requests by code and failure, stored answers.
import { useSignal } from '@preact/signals';
import { call, get, may, type Attempt, type Diagnosis } from '../api';
import { ago, moment, span } from '../words';
import { Remove } from '../parts/form';
import { Card, Command, Failed, State, Table, useAsk, useTick } from '../parts/small';
import { Verdict } from '../parts/verdict';

interface Circuit { state: string; workers: number; failure: string | null; rest_ms: number }
interface Origin { origin: string; weight?: number; priority?: number; drain?: boolean; circuit?: Circuit; health: string; check_failure: string | null; check_because: string; attempts: number; failures: number; last_success: string | null; last_failure: string | null; diagnosis: Diagnosis & { attempts: Attempt[] } }
interface Pool { name: string; origins: Origin[] }
interface Figures { codes: { code: number; count: number }[]; failures: { failure: string; failure_sentence: string; count: number }[]; cache: Record<string, number> | null; counts: Record<string, number> }
interface Edge { name: string; at: string | null; reached: boolean; why: string; host?: string; workers?: number; draining?: boolean; maintenance?: { hosts: string[]; path: string; pool: string }[]; pools?: Pool[]; switches?: { from: string; to: string; seconds_left: number | null }[]; figures?: Figures }

const count = (value: number): string => Math.round(value).toLocaleString('en').replace(/,/g, ' ');
const bytes = (value: number): string => value < 1024 ? `${value} B` : value < 1024 ** 2 ? `${(value / 1024).toFixed(1)} kB` : value < 1024 ** 3 ? `${(value / 1024 ** 2).toFixed(1)} MB` : `${(value / 1024 ** 3).toFixed(1)} GB`;
const HEALTH: Record<string, [state: string, words: string]> = { up: ['ok', 'up'], down: ['down', 'down'], unknown: ['unknown', 'not checked'] };
const CACHE: Record<string, string> = { entries: 'answers in memory', bytes: 'memory they take', inserted_total: 'stored', evicted_total: 'pushed out for others', purged_total: 'purged', disk_working: 'disk can be written', disk_entries: 'answers on the disk', disk_bytes: 'disk they take', disk_hits_total: 'read from the disk', disk_written_total: 'written to the disk', disk_errors_total: 'errors of the disk' };
const COUNTS: Record<string, string> = { connections_open: 'visitors connected now', connections_total: 'connections', retries_total: 'attempts beyond the first', reused_total: 'on kept connections', cut_total: 'answers cut', visitors_gone_total: 'visitors who left', refused_total: 'requests refused here', shed_total: 'refused because it could not follow', handshakes_failed_total: 'handshakes of visitors that failed', drills_total: 'taken by a drill' };

// What keeps visitors from an origin besides its checks, in words.
function Held({ one, alone, workers }: { one: Origin; alone: boolean; workers: number }) {
  const { circuit } = one;
  const where = circuit && workers > 1 ? ` in ${circuit.workers} of ${workers} workers` : '';
  return (
    <>
      {one.drain && <small><span aria-hidden="true">‖ </span>drains: no new visitors</small>}
      {one.weight === 0 && <small><span aria-hidden="true">‖ </span>weight 0: no visitors</small>}
      {circuit && circuit.state !== 'closed' && <small><span aria-hidden="true">! </span>
        {circuit.state === 'open' ? `circuit open${where}: left alone for ${span(Math.max(1, circuit.rest_ms / 1000))}` : `circuit on trial${where}: one request finds out`}
        {circuit.failure && <> after <code>{circuit.failure}</code></>}{alone && '; asked all the same, the pool has no other'}</small>}
    </>
  );
}

function Of({ one, alone, workers, now, open, toggle }: { one: Origin; alone: boolean; workers: number; now: number; open: boolean; toggle: () => void }) {
  const { verdict } = one.diagnosis;
  const [state, words] = HEALTH[one.health] ?? ['unknown', one.health];
  const cause = verdict.causes[0];
  return (
    <tr>
        <th scope="row">{one.origin}</th>
        <td><State of={state} words={words} />{one.check_because && <small>{one.check_because}</small>}<Held one={one} alone={alone} workers={workers} /></td>
        <td>{one.attempts === 0 && verdict.state === 'undetermined' ? <span>no visitor was sent there yet</span> : <><State of={verdict.state} />{verdict.code !== null && verdict.state !== 'ok' && <b> {verdict.code}</b>}<small>{verdict.state === 'ok' ? '' : verdict.sentence}</small>{cause && verdict.state !== 'ok' && <small><code>{cause.id}</code></small>}</>}</td>
        <td>{count(one.attempts)}<small>{count(one.failures)} failed</small></td>
        <td>{one.last_failure ? <time dateTime={one.last_failure} title={moment(one.last_failure)}>{ago(one.last_failure, now)} ago</time> : 'none'}</td>
        <td>{one.attempts > 0 && <button type="button" aria-expanded={open} aria-label={`${open ? 'Hide' : 'Why'}: ${one.origin}`} onClick={toggle}>{open ? 'Hide' : 'Why'}</button>}</td>
    </tr>
  );
}

// Verdicts stand below the table: they are too wide for a cell of it.
function OnePool({ of, now, workers }: { of: Pool; now: number; workers: number }) {
  const open = useSignal<string[]>([]);
  const toggle = (name: string): void => { open.value = open.value.includes(name) ? open.value.filter((each) => each !== name) : [...open.value, name]; };
  return (
    <div><h3>{of.name}</h3>
      <Table caption={`Origins of the pool ${of.name}`} head={['Origin', 'State', 'Visitors see', 'Attempts', 'Last failure', '']}>{of.origins.map((one) => <Of key={one.origin} one={one} alone={of.origins.length === 1} workers={workers} now={now} open={open.value.includes(one.origin)} toggle={() => toggle(one.origin)} />)}</Table>
      {of.origins.filter((one) => open.value.includes(one.origin)).map((one) => <div key={one.origin} class="why-box" role="region" aria-label={`Verdict of ${one.origin}`}><Verdict of={one.diagnosis} /></div>)}
    </div>
  );
}

function Switch({ edge, pools, done }: { edge: string; pools: string[]; done: () => void }) {
  const why = useSignal<Error | undefined>(undefined);
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
    try {
      await call('POST', `/edges/${encodeURIComponent(edge)}/switches`, { from: fields.from, to: fields.to, minutes: Number(fields.minutes) });
      why.value = undefined;
      done();
    } catch (reason) { why.value = reason as Error; }
  };
  const options = pools.map((each) => <option key={each}>{each}</option>);
  return (
    <details><summary>Let another pool serve a pool's visitors</summary>
      <form class="fields" onSubmit={(event) => void enter(event)}>
        <label>Visitors of<select name="from">{options}</select></label>
        <label>go to<select name="to">{pools.map((each, n) => <option key={each} selected={n === 1}>{each}</option>)}</select></label>
        <label>for so many minutes<input name="minutes" type="number" min={1} max={10080} required defaultValue="30" /></label>
        <button type="submit">Switch</button>
        {why.value && <Failed why={why.value} />}
      </form>
    </details>
  );
}

function OneEdge({ of, again, now }: { of: Edge; again: () => void; now: number }) {
  if (!of.reached) return <Card title={of.name} aside={<State of="unknown" words="not reached" />}><p class="failed">{of.why}</p><p>Its admin listener is asked from the machine of this console. <code>[edge.admin]</code> says where it listens; another machine's needs https and a token.</p></Card>;
  const figures = of.figures!;
  const all = figures.codes.reduce((sum, each) => sum + each.count, 0);
  const pools = of.pools ?? [];
  return (
    <section aria-label={`Edge ${of.name}`}>
      <h2 class="edge">{of.name} <small>on {of.host}, read {ago(of.at, now)} ago</small></h2>
      {(of.switches ?? []).map((each) => <p key={each.from} class="note"><span aria-hidden="true">!</span> Pool <b>{each.to}</b> stands in for <b>{each.from}</b>{each.seconds_left !== null && `, for ${span(each.seconds_left)} more`}. {may('operator') && <Remove path={`/edges/${encodeURIComponent(of.name)}/switches/${encodeURIComponent(each.from)}`} what={`the switch of ${each.from}`} verb="Take back" done={again} />}</p>)}
      {of.draining && <p class="note"><span aria-hidden="true">!</span> This edge drains: it takes no new visitors and ends when the last request is over.</p>}
      {(of.maintenance ?? []).map((each, n) => <p key={n} class="note"><span aria-hidden="true">‖</span> In maintenance: {each.hosts.join(', ') || 'every host'}{each.path !== '/' && `, ${each.path} and below`}. Visitors get 503 with the maintenance page.</p>)}
      <Card title="Pools" id={`pools-${of.name}`}>
        {pools.length === 0 ? <p>It has no pool.</p> : pools.map((pool) => <OnePool key={pool.name} of={pool} now={now} workers={of.workers ?? 1} />)}
        {may('operator') && pools.length > 1 && <Switch edge={of.name} pools={pools.map((each) => each.name)} done={again} />}
      </Card>
      <div class="two">
        <Card title="Requests by code" id={`codes-${of.name}`}>{all === 0 ? <p>None since it started.</p> : <Table caption="Requests since it started, by the code visitors got" head={['Code', 'Requests', 'Share']}>{figures.codes.map((each) => <tr key={each.code} class={each.code >= 500 ? 'bad' : ''}><th scope="row">{each.code >= 500 && <span aria-hidden="true">✗ </span>}{each.code}</th><td>{count(each.count)}</td><td>{(100 * each.count / all).toFixed(1)} %</td></tr>)}</Table>}
          {figures.failures.length > 0 && <><h3>Failures towards origins</h3><Table caption="Failures since it started" head={['Failure', 'Requests']}>{figures.failures.map((each) => <tr key={each.failure}><td><code>{each.failure}</code><small>{each.failure_sentence}</small></td><td>{count(each.count)}</td></tr>)}</Table></>}
        </Card>
        <div>
          <Card title="Stored answers" id={`cache-${of.name}`}>{figures.cache === null ? <p>There is no cache: <code>[edge.cache] on = true</code> keeps answers, also while the origin is down.</p> : <dl class="wide">{Object.entries(CACHE).filter(([key]) => key in figures.cache!).map(([key, words]) => <div key={key}><dt>{words}</dt><dd>{key.endsWith('bytes') ? bytes(figures.cache![key]!) : key === 'disk_working' ? figures.cache![key] ? 'yes' : '✗ no' : count(figures.cache![key]!)}</dd></div>)}</dl>}</Card>
          <Card title="Since it started" id={`counts-${of.name}`}><dl class="wide">{Object.entries(COUNTS).filter(([key]) => key in figures.counts).map(([key, words]) => <div key={key}><dt>{words}</dt><dd>{count(figures.counts[key]!)}</dd></div>)}</dl></Card>
        </div>
      </div>
    </section>
  );
}

const HOW = `[[watch.edge]]
name = "www"
admin = "http://127.0.0.1:9145"        # [edge.admin] address of the edge
# token_file = "/etc/causeway/admin.token"`;

export function EdgePage() {
  const tick = useTick(5_000);
  const asked = useAsk(() => get<{ connected: boolean; edges: Edge[] }>('/edges'), [tick]);
  const of = asked.value;
  return (
    <>
      <h1>Edge</h1>
      {asked.why && <Failed why={asked.why} again={asked.again} />}
      {!of && !asked.why && <p class="running">Loading.</p>}
      {of && !of.connected && <Card title="No edge is known here"><p><code>causeway up</code> shows its own edge when <code>[edge.admin]</code> has an address. For any other <code>causeway edge</code>, name its admin listener in the watch's file:</p><Command text={HOW} /></Card>}
      {of?.edges.map((each) => <OneEdge key={each.name} of={each} again={asked.again} now={tick} />)}
    </>
  );
}
