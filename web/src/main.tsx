// The console's one application: where one is, the frame around it, the keys.
import { signal, useSignalEffect } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { call, get, session, type Session } from './api';
import { follow, leave, link, now, said } from './live';
import { EdgePage } from './pages/edge';
import { CertificatesPage, HostsPage } from './pages/fleet';
import { Door } from './pages/door';
import { GuardPage } from './pages/guard';
import { IncidentsPage, OneIncident } from './pages/incident';
import { NowPage } from './pages/now';
import { OriginPage } from './pages/origin';
import { OnePlan, PlanPage } from './pages/plan';
import { SettingsPage } from './pages/settings';
import { SitePage } from './pages/site';
import { AddTargetPage, ChangeTargetPage } from './pages/target';
import { VantagesPage } from './pages/vantages';
import { go, path } from './place';
import './style.css';

const helping = signal(false);

addEventListener('click', (event) => {
  const anchor = (event.target as Element).closest?.('a');
  if (!anchor || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (anchor.origin !== location.origin || 'plain' in anchor.dataset || anchor.target) return;
  event.preventDefault();
  go(anchor.pathname + anchor.search);
});

const PLACES = [
  { to: '/', name: 'Now', key: 'n' }, { to: '/incidents', name: 'Incidents', key: 'i' },
  { to: '/hosts', name: 'Hosts', key: 'h' }, { to: '/vantages', name: 'Vantages', key: 'v' },
  { to: '/certificates', name: 'Certificates', key: 'c' }, { to: '/edge', name: 'Edge', key: 'e' },
  { to: '/origin', name: 'Origin', key: 'o' }, { to: '/guard', name: 'Guard', key: 'g' },
  { to: '/plan', name: 'Plan', key: 'p' }, { to: '/settings', name: 'Settings', key: 's' },
];

// / search, j k move, e acknowledge, d diagnose, g and a letter: go there, ? help.
let lastG = 0;
addEventListener('keydown', (event) => {
  const at = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || !session.value?.name) return;
  if (Date.now() - lastG < 1500) {
    lastG = 0;
    const place = PLACES.find((each) => each.key === event.key);
    if (place) { event.preventDefault(); go(place.to); return; }
  }
  if (event.key === 'g') lastG = Date.now();
  else if (event.key === '?') helping.value = !helping.value;
  else if (event.key === '/') { const search = document.getElementById('search'); if (search) { event.preventDefault(); search.focus(); } }
  else if (event.key === 'e') document.getElementById('acknowledge')?.click();
  else if (event.key === 'd') document.getElementById('diagnose')?.click();
  else if (event.key === 'j' || event.key === 'k') {
    const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
    const here = rows.indexOf(document.activeElement as HTMLElement);
    rows[event.key === 'j' ? Math.min(here + 1, rows.length - 1) : Math.max(here - 1, 0)]?.focus();
  }
});

function Help() {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => { box.current?.showModal(); }, []);
  const keys = [['/', 'search'], ['j k', 'next, previous row'], ['Enter', 'open'], ['e', 'acknowledge the incident'], ['d', 'diagnose now'], ...PLACES.map((each) => [`g ${each.key}`, each.name]), ['?', 'this help']];
  return <dialog ref={box} onClose={() => { helping.value = false; }} aria-labelledby="keys"><h2 id="keys">Keys</h2><dl>{keys.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl><form method="dialog"><button type="submit">Close</button></form></dialog>;
}

function Page() {
  const parts = path.value.split('/').filter(Boolean).map(decodeURIComponent);
  const [first = '', second = '', third = ''] = parts;
  const titles: Record<string, string> = { '': 'Now', incidents: 'Incidents', sites: second, add: 'Add a site', hosts: 'Hosts', certificates: 'Certificates', vantages: 'Vantages', edge: 'Edge', origin: 'Origin', guard: 'Guard', plan: 'Plan & reports', settings: 'Settings' };
  const down = now.value?.counts.down ?? 0;
  document.title = `${down > 0 ? `(${down} down) ` : ''}${titles[first] ?? 'Not found'} - Causeway`;
  if (first === '') return <NowPage />;
  if (first === 'incidents') return second ? <OneIncident key={second} id={second} /> : <IncidentsPage />;
  if (first === 'add') return <AddTargetPage />;
  if (first === 'sites' && third === 'change') return <ChangeTargetPage key={second} id={second} />;
  if (first === 'sites' && second) return <SitePage key={second} id={second} />;
  if (first === 'hosts') return <HostsPage />;
  if (first === 'certificates') return <CertificatesPage />;
  if (first === 'vantages') return <VantagesPage />;
  if (first === 'edge') return <EdgePage />;
  if (first === 'origin') return <OriginPage />;
  if (first === 'guard') return <GuardPage />;
  if (first === 'plan') return second ? <OnePlan key={second} id={second} /> : <PlanPage />;
  if (first === 'settings') return <SettingsPage tab={second || 'maintenance'} />;
  return <><h1>Not found</h1><p>There is no such page. <a href="/">Now</a></p></>;
}

async function logOut(): Promise<void> {
  await call('DELETE', '/session').catch(() => undefined);
  leave();
  session.value = { name: null, role: null, set_up: true };
}

function App() {
  useSignalEffect(() => { if (session.value?.name) follow(); });
  useEffect(() => { document.querySelector('.top nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }); }, [path.value, session.value?.name]);
  if (session.value === undefined) return <main id="main"><p class="running">Loading.</p></main>;
  if (!session.value.name) return <Door />;
  const here = `/${path.value.split('/')[1] ?? ''}`;
  return (
    <>
      <a class="skip" href="#main" data-plain>Skip to the page</a>
      <header class="top">
        <a href="/" class="brand"><img src="/icon.svg" alt="" width={26} height={26} />Causeway</a>
        <nav aria-label="Pages">{PLACES.map((each) => <a key={each.to} href={each.to} aria-current={here === each.to ? 'page' : undefined}>{each.name}{each.to === '/incidents' && (now.value?.counts.incidents ?? 0) > 0 && <span class="count"> {now.value!.counts.incidents}<span class="hidden"> open</span></span>}</a>)}<a href="/status/" data-plain>Status page</a></nav>
        <div class="who">
          <span class={`link ${link.value}`} role="status">{link.value === 'live' ? '● live' : '○ no connection'}</span>
          <button type="button" onClick={() => { helping.value = true; }} aria-label="Keys">?</button>
          <a href="/settings/own">{session.value.name}</a>
          <button type="button" onClick={() => void logOut()}>Log out</button>
        </div>
      </header>
      <main id="main" tabIndex={-1}><Page /></main>
      <p class="hidden" aria-live="polite">{said.value}</p>
      {helping.value && <Help />}
    </>
  );
}

void get<Session>('/session').then((found) => { session.value = found; }, () => { session.value = { name: null, role: null, set_up: true }; });
render(<App />, document.getElementById('app')!);
