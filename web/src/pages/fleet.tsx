// Hosts: sites by what they share. Certificates: the next to end first.
import { useSignal } from '@preact/signals';
import { get } from '../api';
import { now } from '../live';
import { MARK, until } from '../words';
import { Card, Failed, Moment, Table, useAsk } from '../parts/small';

const KINDS = { address: 'address', prefix: 'prefix', as: 'AS', provider: 'provider', nameserver: 'name server', certificate: 'certificate' } as const;
interface Group { value: string; all: number; failing: number; members: { id: string; name: string; outcome: string }[] }

export function HostsPage() {
  const by = useSignal<keyof typeof KINDS>('address');
  const asked = useAsk(() => get<{ groups: Group[] }>(`/hosts?by=${by.value}`), [by.value, now.value?.sentence]);
  return (
    <>
      <h1>Hosts</h1>
      <p class="lead">Sites grouped by what they share. When most of a group fails and the others do not, the trouble is what they share.</p>
      <p role="group" aria-label="Group by">{(Object.keys(KINDS) as (keyof typeof KINDS)[]).map((each) => <button type="button" key={each} aria-pressed={by.value === each} onClick={() => { by.value = each; }}>{KINDS[each]}</button>)}</p>
      {asked.why && <Failed why={asked.why} again={asked.again} />}
      {asked.value?.groups.length === 0 && <p>Nothing is known about this yet.</p>}
      {asked.value?.groups.map((group) => (
        <Card key={group.value} title={group.value} id={`g-${group.value}`} aside={<span class={group.failing > 0 ? 'state down' : 'state ok'}>{group.failing > 0 ? `✗ ${group.failing} of ${group.all} down` : `✓ none of ${group.all} down`}</span>}>
          <ul class="chips">{group.members.map((each) => <li key={each.id} class={each.outcome}><a href={`/sites/${encodeURIComponent(each.id)}`}><span aria-hidden="true">{MARK[each.outcome]}</span> {each.name}<span class="hidden"> {each.outcome}</span></a></li>)}</ul>
        </Card>
      ))}
    </>
  );
}

interface Certificate { target: string; name: string; subject: string; until: string }

export function CertificatesPage() {
  const asked = useAsk(() => get<{ certificates: Certificate[] }>('/certificates'), [now.value?.sentence]);
  return (
    <>
      <h1>Certificates</h1>
      {asked.why && <Failed why={asked.why} again={asked.again} />}
      {asked.value && (asked.value.certificates.length === 0 ? <p>No watched site has presented a certificate yet.</p> : (
        <Card title="The next to end first"><Table caption="Certificates" head={['Site', 'Ends', 'At', 'Address']}>
          {asked.value.certificates.map((each) => <tr key={each.target} class={Date.parse(each.until) < Date.now() ? 'bad' : ''}><td><a href={`/sites/${encodeURIComponent(each.target)}`}>{each.name}</a></td><td>{until(each.until)}</td><td><Moment at={each.until} /></td><td>{each.subject}</td></tr>)}
        </Table></Card>))}
    </>
  );
}
