// Origin: what an inspection on the origin found, sent by the agent there, pasted or uploaded, and joined with a diagnosis from here.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, may, type Cause } from '../api';
import { now, whole } from '../live';
import { ago, moment } from '../words';
import { Card, Command, Failed, Table } from '../parts/small';
import { DiagnoseNow } from '../parts/diagnose';
import { Likely } from '../parts/verdict';

interface Facts { host: string; vantage: string; at: string | null; fresh: boolean; observations: number; skipped: number; findings: Partial<Cause>[] }
interface Sent { agent: string; host: string; at: string; fresh: boolean; findings: number; gravest: string }
const COMMAND = 'causeway inspect --sample 5s --format json > facts.json';
const complete = (of: Partial<Cause>): Cause => ({ id: '', probability: 0, owner: '', title: '', reasons: [], counter_reasons: [], settles: [], fix: [], ...of });

export function OriginPage() {
  const text = useSignal('');
  const facts = useSignal<Facts | undefined>(undefined);
  const why = useSignal<Error | undefined>(undefined);
  const run = useSignal<{ n: number; what: { target?: string; url?: string; facts: string } } | undefined>(undefined);
  const read = async (): Promise<void> => {
    facts.value = undefined;
    run.value = undefined;
    try { facts.value = await call<Facts>('POST', '/facts', { document: text.value }); why.value = undefined; } catch (reason) { why.value = reason as Error; }
  };
  const sent = useSignal<Sent[] | undefined>(undefined);
  useEffect(() => { void call<{ origins: Sent[] }>('GET', '/origins').then((got) => { sent.value = got.origins; }, (reason: Error) => { why.value = reason; }); }, []);
  const show = async (agent: string): Promise<void> => {
    run.value = undefined;
    try {
      const got = await call<Facts & { document: string }>('GET', `/origins/${encodeURIComponent(agent)}`);
      facts.value = got;
      text.value = got.document;
      why.value = undefined;
    } catch (reason) { why.value = reason as Error; }
  };
  const upload = async (event: Event): Promise<void> => {
    const file = (event.currentTarget as HTMLInputElement).files?.[0];
    if (!file) return;
    text.value = await file.text();
    await read();
  };
  const diagnose = (event: Event): void => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
    run.value = { n: (run.value?.n ?? 0) + 1, what: fields.target ? { target: fields.target, facts: text.value } : { url: fields.url ?? '', facts: text.value } };
  };
  useEffect(whole, [now.value !== undefined]);
  const of = facts.value;
  const sites = (now.value?.targets ?? []).filter((each) => each.kind === 'http');
  return (
    <>
      <h1>Origin</h1>
      <p class="lead">What the origin itself shows: sockets, services, resources, configuration, logs, bans, firewall. Joined with a diagnosis from here, the verdict is as sharp as both views allow.</p>
      {sent.value && sent.value.length > 0 && <Card title="Machines whose agents inspect them">
        <Table caption="Machines whose agents inspect them" head={['Agent', 'Machine', 'Findings', 'When']}>{sent.value.map((each) => <tr key={each.agent}>
          <th scope="row">{may('operator') ? <button type="button" onClick={() => void show(each.agent)}>{each.agent}</button> : each.agent}</th>
          <td>{each.host}</td>
          <td>{each.findings === 0 ? '✓ none' : <><span aria-hidden="true">✗ </span>{each.findings}: {each.gravest}</>}</td>
          <td class={each.fresh ? '' : 'state degraded'}>{!each.fresh && '! '}<time dateTime={each.at} title={moment(each.at)}>{ago(each.at)} old</time></td>
        </tr>)}</Table>
      </Card>}
      <Card title="Facts of an origin">
        <p>On the origin (root sees more):</p><Command text={COMMAND} />
        <form class="notes" onSubmit={(event) => { event.preventDefault(); void read(); }}>
          <label>Upload facts.json<input type="file" accept="application/json,.json" onChange={(event) => void upload(event)} /></label>
          <label for="facts">or paste it</label>
          <textarea id="facts" rows={4} spellcheck={false} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
          <button type="submit" disabled={!text.value}>Read it</button>
          {why.value && <Failed why={why.value} />}
        </form>
        <p class="meta">Nothing of it is kept here. At most 1 MB. An agent on the origin with <code>inspect = "10m"</code> sends it by itself.</p>
      </Card>
      {of && <>
        <Card title={`Findings on ${of.host || of.vantage || 'the origin'}`} id="findings" aside={<span class={of.fresh ? '' : 'state degraded'}>{of.at ? <>{!of.fresh && '! '}<time dateTime={of.at} title={moment(of.at)}>{ago(of.at)} old</time></> : 'without a time'}</span>}>
          {of.findings.length === 0 ? <p>✓ Nothing is found wrong in {of.observations} observations.</p> : of.findings.map((each, n) => <Likely key={each.id ?? n} cause={complete(each)} first={n === 0} />)}
          <p class="meta">{of.observations} observations{of.skipped > 0 && `; ${of.skipped} of kinds that this version does not know were left out`}.</p>
        </Card>
        {may('operator') && <Card title="Join them with a diagnosis from here">
          <form class="fields" onSubmit={diagnose}>
            <label>Site<select name="target"><option value="">another address:</option>{sites.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}</select></label>
            <label>Address<input name="url" placeholder={`https://${of.host || 'www.example.net'}/`} spellcheck={false} /></label>
            <button type="submit" class="first" id="diagnose">Diagnose now <kbd>d</kbd></button>
          </form>
          {run.value && <DiagnoseNow key={run.value.n} what={run.value.what} />}
        </Card>}
      </>}
    </>
  );
}
