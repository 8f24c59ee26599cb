// Settings: maintenance, alerts, people, tokens, the audit log, one's own password.
import { useSignal } from '@preact/signals';
import { call, get, may, session, type Alert, type Session, type Window } from '../api';
import { moment, ms, utc, toggleUtc } from '../words';
import { Form, Remove, list } from '../parts/form';
import { Card, Command, Failed, Table, useAsk } from '../parts/small';

const TABS = { maintenance: 'Maintenance', alerts: 'Alerts', people: 'People', tokens: 'Tokens', audit: 'Audit log', own: 'Your account' } as const;
type Tab = keyof typeof TABS;
const ADMIN: Tab[] = ['people', 'tokens', 'audit'];

function Maintenance() {
  const asked = useAsk(() => get<{ windows: Window[] }>('/maintenance'), []);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const start = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <>
      <Card title="Maintenance windows">
        {asked.why && <Failed why={asked.why} again={asked.again} />}
        {asked.value && (asked.value.windows.length === 0 ? <p>None planned.</p> : <Table caption="Maintenance windows" head={['What', 'Starts', 'Lasts', 'Repeats', 'For', '']}>
          {asked.value.windows.map((each) => <tr key={each.id}><td>{each.title}{each.note && <small> {each.note}</small>}</td><td>{each.starts.replace('T', ' ')}<small> {each.zone}</small></td><td>{each.minutes} min</td><td>{each.repeats || 'once'}</td><td>{[...each.targets, ...each.groups, ...each.tags].join(', ') || 'everything'}</td><td>{may('operator') && each.source === 'api' ? <Remove path={`/maintenance/${each.id}`} what={each.title} done={asked.again} /> : each.source}</td></tr>)}
        </Table>)}
      </Card>
      {may('operator') && <Card title="Plan maintenance">
        <p>Alerts keep quiet in the window; measuring goes on. Times are local to the zone, also when its clocks change.</p>
        <Form to="/maintenance" label="Plan it" done={asked.again} shape={(fields) => ({ ...fields, minutes: Number(fields.minutes), targets: list(fields.targets), groups: list(fields.groups), tags: list(fields.tags) })}>
          <label>What is done<input name="title" required maxLength={200} /></label>
          <label>Starts<input name="starts" type="datetime-local" required defaultValue={start} /></label>
          <label>Time zone<input name="zone" required defaultValue={zone} spellcheck={false} /></label>
          <label>Minutes<input name="minutes" type="number" min={1} max={20160} required defaultValue="60" /></label>
          <label>Repeats<input name="repeats" placeholder="once; daily, weekly:mon, monthly:1" spellcheck={false} /></label>
          <label>Targets (ids)<input name="targets" placeholder="all, or shop, blog" spellcheck={false} /></label>
          <label>Groups<input name="groups" spellcheck={false} /></label>
          <label>Note<input name="note" /></label>
        </Form>
      </Card>}
    </>
  );
}

interface Channel { name: string; kind: string; deliveries: { id: number; at: string; ok: boolean; elapsed_ms: number; detail: string }[] }
function Alerts() {
  const asked = useAsk(() => get<{ channels: Channel[] }>('/channels'), []);
  const box = useAsk(() => get<{ alerts: Alert[] }>('/alerts?limit=50'), []);
  const said = useSignal('');
  const test = async (name: string): Promise<void> => {
    try {
      said.value = `Sending a test to ${name}.`;
      const { answer } = await call<{ answer: string }>('POST', `/channels/${encodeURIComponent(name)}/test`);
      said.value = `${name} took it: ${answer}`;
      asked.again();
      box.again();
    } catch (why) { said.value = (why as Error).message; }
  };
  return (
    <>
      <Card title="Channels">
        <p role="status">{said.value}</p>
        {asked.why && <Failed why={asked.why} again={asked.again} />}
        {asked.value?.channels.length === 0 && <p>No channel is configured: name one in the configuration file to be told.</p>}
        {asked.value?.channels.map((each) => (
          <article key={each.name} class="channel"><h3>{each.name} <small>{each.kind}</small> {may('operator') && <button type="button" onClick={() => void test(each.name)}>Send a test</button>}</h3>
            {each.deliveries.length > 0 && <Table caption={`Newest deliveries to ${each.name}`} head={['At', 'Went', 'Took', 'Answer']}>{each.deliveries.map((one) => <tr key={one.id}><td>{moment(one.at)}</td><td>{one.ok ? '✓ accepted' : '✗ failed'}</td><td>{ms(one.elapsed_ms)}</td><td>{one.detail}</td></tr>)}</Table>}
          </article>))}
      </Card>
      <Card title="Outbox">{box.value && (box.value.alerts.length === 0 ? <p>Nothing was sent yet.</p> : <Table caption="Alerts, newest first" head={['Made', 'Channel', 'Kind', 'State', 'Tries']}>{box.value.alerts.map((each) => <tr key={each.id}><td>{moment(each.created)}</td><td>{each.channel}</td><td>{each.incident ? <a href={`/incidents/${each.incident}`}>{each.kind}</a> : each.kind}</td><td>{each.state}{each.reason && <small> {each.reason}</small>}</td><td>{each.attempts}</td></tr>)}</Table>)}</Card>
    </>
  );
}

interface Person { id: string; name: string; role: string; created: string }
const ROLES = ['viewer', 'operator', 'admin'];
function RoleField({ name }: { name: string }) {
  return <label>{name === 'scope' ? 'Scope' : 'Role'}<select name={name}>{(name === 'scope' ? [...ROLES, 'reporter'] : ROLES).map((each) => <option key={each} value={each}>{each}</option>)}</select></label>;
}
function People() {
  const asked = useAsk(() => get<{ accounts: Person[] }>('/accounts'), []);
  const why = useSignal<Error | undefined>(undefined);
  const change = async (id: string, role: string): Promise<void> => {
    try { await call('PATCH', `/accounts/${id}`, { role }); why.value = undefined; } catch (reason) { why.value = reason as Error; }
    asked.again();
  };
  return (
    <>
      <Card title="People">
        {(asked.why ?? why.value) && <Failed why={(asked.why ?? why.value)!} again={asked.again} />}
        {asked.value && <Table caption="People" head={['Name', 'Role', 'Since', '']}>{asked.value.accounts.map((each) => <tr key={each.id}><td>{each.name}</td><td><select aria-label={`Role of ${each.name}`} value={each.role} onChange={(event) => void change(each.id, event.currentTarget.value)}>{ROLES.map((role) => <option key={role} value={role}>{role}</option>)}</select></td><td>{moment(each.created)}</td><td>{each.name !== session.value?.name && <Remove path={`/accounts/${each.id}`} what={each.name} done={asked.again} />}</td></tr>)}</Table>}
        <p class="meta">A viewer sees everything that is watched. An operator also acknowledges, notes, diagnoses and plans maintenance. An administrator also manages people and tokens.</p>
      </Card>
      <Card title="Add somebody"><Form to="/accounts" label="Add" done={asked.again}><label>Name<input name="name" required autoComplete="off" spellcheck={false} /></label><label>Password<input name="password" type="password" required minLength={10} autoComplete="new-password" /></label><RoleField name="role" /></Form></Card>
    </>
  );
}

interface Token { id: string; name: string; scope: string; author: string; created: string; seen: string | null; expires: string | null; token?: string }
function Tokens() {
  const asked = useAsk(() => get<{ tokens: Token[] }>('/tokens'), []);
  const made = useSignal<Token | undefined>(undefined);
  return (
    <>
      {made.value?.token && <Card title={`Token ${made.value.name}`}><p>Copy it now: it is shown this once.</p><Command text={made.value.token} /></Card>}
      <Card title="Tokens">{asked.why && <Failed why={asked.why} again={asked.again} />}{asked.value && (asked.value.tokens.length === 0 ? <p>None yet.</p> : <Table caption="Tokens" head={['Name', 'Scope', 'Made', 'Last used', 'Expires', '']}>{asked.value.tokens.map((each) => <tr key={each.id}><td>{each.name}</td><td>{each.scope}</td><td>{moment(each.created)}<small> {each.author}</small></td><td>{moment(each.seen)}</td><td>{each.expires ? moment(each.expires) : 'never'}</td><td><Remove path={`/tokens/${each.id}`} what={each.name} done={asked.again} /></td></tr>)}</Table>)}</Card>
      <Card title="Make a token"><Form to="/tokens" label="Make it" done={(answer: Token) => { made.value = answer; asked.again(); }} shape={(fields) => ({ name: fields.name, scope: fields.scope, days: fields.days ? Number(fields.days) : null })}><label>Name<input name="name" required spellcheck={false} /></label><RoleField name="scope" /><label>Days until it expires<input name="days" type="number" min={1} max={3650} placeholder="never" /></label></Form></Card>
    </>
  );
}

interface Entry { id: number; at: string; actor: string; action: string; subject: string; detail: string; address: string }
function Audit() {
  const asked = useAsk(() => get<{ entries: Entry[] }>('/audit?limit=200'), []);
  return <Card title="Audit log">{asked.why && <Failed why={asked.why} again={asked.again} />}{asked.value && <Table caption="Who did what" head={['At', 'Who', 'What', 'Detail', 'From']}>{asked.value.entries.map((each) => <tr key={each.id}><td>{moment(each.at)}</td><td>{each.actor}</td><td>{each.action}</td><td>{each.detail || each.subject}</td><td>{each.address}</td></tr>)}</Table>}</Card>;
}

function Own() {
  const said = useSignal('');
  return (
    <>
      <Card title="Times"><p><button type="button" aria-pressed={utc.value} onClick={toggleUtc}>{utc.value ? 'Times are in UTC' : 'Times are local'}</button></p></Card>
      <Card title="Change your password"><p role="status">{said.value}</p><Form to="/session/password" label="Change it" done={(answer: Session) => { session.value = answer; said.value = 'Changed. Your other sessions have ended.'; }}><label>Present password<input name="password" type="password" required autoComplete="current-password" /></label><label>New password<input name="new_password" type="password" required minLength={10} autoComplete="new-password" /></label></Form></Card>
    </>
  );
}

export function SettingsPage({ tab }: { tab: string }) {
  const shown = (Object.keys(TABS) as Tab[]).filter((each) => may('admin') || !ADMIN.includes(each));
  const chosen = shown.includes(tab as Tab) ? tab as Tab : 'maintenance';
  const Part = { maintenance: Maintenance, alerts: Alerts, people: People, tokens: Tokens, audit: Audit, own: Own }[chosen];
  return (
    <>
      <h1>Settings</h1>
      <nav class="tabs" aria-label="Settings">{shown.map((each) => <a key={each} href={`/settings/${each}`} aria-current={each === chosen ? 'page' : undefined}>{TABS[each]}</a>)}</nav>
      <Part key={chosen} />
    </>
  );
}
