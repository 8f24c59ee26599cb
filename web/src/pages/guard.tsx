// Guard: whether the edge gets through the firewall of the machine that the console runs on. Read-only.
import { useSignal } from '@preact/signals';
import { call, get, may } from '../api';
import { moment } from '../words';
import { Card, Command, Failed, State, Table, useAsk, useTick } from '../parts/small';

interface Rule { stack: string; table?: string; path?: string[]; place?: string; text: string; packets?: number; owner?: string }
interface Range { prefix: string; family: string; port: number; verdict: string; share: number; causes: { verdict: string; rule: Rule; doubts?: string[] }[]; fix: { text: string; command: string }[] }
interface Proof {
  edge: { name: string; date: string }; ports: number[]; state: 'open' | 'stopped' | 'unknown'; ranges: Range[];
  limits: { port: number; family: string; limit: string; global: boolean; rule: Rule }[]; lists: { name: string; family: string; holds: number; of: number; missing: string[]; remarks: string[] }[];
  notes: string[]; unreadable: string[];
}
interface Seen { running: boolean; at: string | null; wants_root: boolean; why: string; document: Proof | null }

const STATE: Record<string, [state: string, words: string]> = { open: ['ok', 'every range gets through'], stopped: ['down', 'the edge is stopped'], unknown: ['unknown', 'not certain'] };
const place = (rule: Rule): string => [rule.stack, rule.table, rule.path?.join(' > '), rule.place].filter(Boolean).join(' ');
const ENDING: Record<string, string> = { accept: 'gets through', drop: 'dropped in silence: 522', half: 'connects, then nothing arrives: 522, 524 or 520', reset: 'refused with a reset: 521', may: 'not certain' };
const ending = (verdict: string): string => ENDING[verdict] ?? (verdict.startsWith('icmp') ? `refused with an ICMP error (${verdict.slice(5)}): 521 or 523` : verdict);

// Ranges that the same rule ends alike stand in one row.
function grouped(ranges: Range[]): { first: Range; of: Range[] }[] {
  const out = new Map<string, { first: Range; of: Range[] }>();
  for (const each of ranges.filter((one) => one.verdict !== 'accept')) {
    const key = `${each.verdict}|${each.causes.map((one) => place(one.rule) + one.rule.text).join('|')}`;
    const group = out.get(key) ?? { first: each, of: [] };
    group.of.push(each);
    out.set(key, group);
  }
  return [...out.values()];
}

function Shown({ of }: { of: Proof }) {
  const stopped = grouped(of.ranges);
  const open = of.ranges.length - of.ranges.filter((each) => each.verdict !== 'accept').length;
  return (
    <>
      {of.unreadable.length > 0 && <Card title="What could not be read"><ul class="plain">{of.unreadable.map((each) => <li key={each}>{each}</li>)}</ul></Card>}
      {stopped.length > 0 && <Card title="What does not get through for certain">{stopped.map(({ first, of: all }) => {
        const ranges = [...new Set(all.map((each) => each.prefix))];
        const ports = [...new Set(all.map((each) => each.port))].sort((a, b) => a - b);
        return (
          <article class="cause" key={first.prefix + first.port + first.verdict}>
            <h3><State of={first.verdict === 'may' ? 'unknown' : 'down'} words={ending(first.verdict)} /></h3>
            <p>{ranges.slice(0, 6).join(', ')}{ranges.length > 6 && ` and ${ranges.length - 6} more ranges`}, port {ports.join(' and ')}</p>
            {first.causes.map((each, n) => <div key={n}><pre tabIndex={0}>{each.rule.text || place(each.rule)}</pre><small>{place(each.rule)}{each.rule.owner && `; ${each.rule.owner}`}</small>{(each.doubts ?? []).map((doubt) => <p key={doubt}><small>{doubt}</small></p>)}</div>)}
            {first.fix.length > 0 && <><h4>Fix</h4><ul class="steps">{first.fix.map((each) => <li key={each.text}>{each.text}<Command text={each.command} /></li>)}</ul></>}
          </article>);
      })}</Card>}
      <Card title="What gets through"><p>{open} of {of.ranges.length} pairs of range and port of {of.edge.name} ({of.edge.date}) certainly get through to port {of.ports.join(' and ')}.</p></Card>
      {of.limits.length > 0 && <Card title="Rate limits"><Table caption="Limits that meet the edge" head={['Port', 'Limit', 'The rule']}>{of.limits.map((each, n) => <tr key={n}><td>{each.port} {each.family}</td><td>{each.limit}{each.global && <small>one for all clients together</small>}</td><td><code>{each.rule.text}</code><small>{place(each.rule)}</small></td></tr>)}</Table></Card>}
      {of.lists.length > 0 && <Card title="Allow lists"><Table caption="Lists of this machine compared with the edge's" head={['List', 'Holds', 'Missing', 'Remarks']}>{of.lists.map((each) => <tr key={each.name + each.family}><td>{each.name}<small>{each.family}</small></td><td>{each.holds === each.of ? '✓' : '✗'} {each.holds} of {each.of}</td><td>{each.missing.slice(0, 5).join(', ')}{each.missing.length > 5 && ` and ${each.missing.length - 5} more`}</td><td>{each.remarks.join('; ')}</td></tr>)}</Table></Card>}
      {of.notes.length > 0 && <Card title="Notes"><ul class="plain">{of.notes.map((each) => <li key={each}>{each}</li>)}</ul></Card>}
    </>
  );
}

export function GuardPage() {
  const soon = useSignal(false);
  const tick = useTick(soon.value ? 1_000 : 600_000);
  const why = useSignal<Error | undefined>(undefined);
  const asked = useAsk(() => may('operator') ? get<Seen>('/proof').then((seen) => { soon.value = seen.running; return seen; }) : Promise.reject(new Error('This page needs the role operator.')), [tick]);
  const anew = async (): Promise<void> => {
    try { await call('POST', '/proof'); why.value = undefined; soon.value = true; asked.again(); } catch (reason) { why.value = reason as Error; }
  };
  const of = asked.value;
  const [state, words] = STATE[of?.document?.state ?? 'unknown']!;
  return (
    <>
      <h1>Guard</h1>
      <p class="lead">Whether the edge's ranges get through the firewall of the machine that this console runs on, and which rule decides.</p>
      {(asked.why ?? why.value) && <Failed why={(asked.why ?? why.value)!} />}
      {of && <p class="actions">{of.document && <State of={state} words={words} />} {of.at && <small>read {moment(of.at)}</small>} <button type="button" disabled={of.running} onClick={() => void anew()}>{of.running ? 'Reading the rules' : 'Read the rules anew'}</button></p>}
      {of?.running && !of.document && <p class="running">Reading the rules of this machine.</p>}
      {of?.why && <p class="failed">{of.why}</p>}
      {of?.wants_root && <Card title="Root would add"><p>Some rules may only be read by root, so nothing is certain. Run this there:</p><Command text="sudo causeway guard prove" /><p class="meta">For the origin's own machine, run it on the origin; <code>causeway guard apply</code> lets the edge in, with a roll-back.</p></Card>}
      {of?.document && <Shown of={of.document} />}
    </>
  );
}
