// Clicks through every page in Chromium, desktop and phone, light and dark, with axe on each; screenshots
// go to build/e2e. run.mjs CAUSEWAY: the program, with its pages.
import assert from 'node:assert/strict';
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const program = resolve('..', process.argv[2] ?? 'build/release/causeway');
const shots = resolve('../build/e2e');
const folder = mkdtempSync(join(tmpdir(), 'causeway-e2e-'));
const store = join(folder, 'store.db');
mkdirSync(shots, { recursive: true });
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

function start(words = ['console', '--store', store, '--listen', '5239', '--title', 'Example status']) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((found, lost) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      text += bytes;
      if (text.includes('Status page') && text.endsWith('\n')) setTimeout(() => found({ child, text }), 300);
    });
    child.on('exit', (code) => lost(new Error(`causeway ended with ${code}: ${text}`)));
  });
}
// A watch makes the store that a console shows.
const watching = (file, port) => ['watch', '--store', file, '--listen', port];
const stop = (child) => new Promise((done) => { child.removeAllListeners('exit'); child.on('exit', done); child.kill('SIGTERM'); });

let failures = 0;
async function look(page, name, { quiet = false } = {}) {
  await page.waitForTimeout(250);
  if (!quiet) {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.evaluate(`if (!window.axe) { ${axe} }`);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      for (const each of found.violations) {
        failures++;
        console.error(`axe: ${name} (${scheme}): ${each.id}: ${each.help}\n  ${each.nodes.slice(0, 4).map((node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join('\n  ')}`);
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) { failures++; console.error(`layout: ${name}: ${wide} px wider than the window`); }
      await page.screenshot({ path: join(shots, `${name}-${scheme}.png`), fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  }
}

// Two origins of one site that differ, where this machine lets us have port 80; else nobody answers there.
async function origins() {
  const page = (price) => (request, answer) => { answer.writeHead(request.url === '/' || price === 4 ? 200 : 404, { 'Content-Type': 'text/html' }); answer.end(`<p>Tea: ${price} EUR</p><a href="/shop">shop</a><form method="post"><input name="q"></form>`); };
  const all = [['127.0.0.2', 4], ['127.0.0.3', 3]].map(([host, price]) => new Promise((found) => {
    const server = createServer(page(price)).on('error', () => found(undefined)).listen(80, host, () => found(server));
  }));
  return (await Promise.all(all)).filter(Boolean);
}

// Where a program's console is, and the token that sets it up.
async function door(up) {
  const address = /Console\s+(\S+)/.exec(up.text)[1];
  const token = /token=(\S+)/.exec(up.text)?.[1] ?? await new Promise((found) => up.child.stdout.on('data', (bytes) => { const more = /token=(\S+)/.exec(String(bytes)); if (more) found(more[1]); }));
  return { address, token };
}

// A watch that runs, with an edge beside it: what the demonstration starts.
async function live() {
  const up = await start(['up', '--listen', '5238']);
  const two = await origins();
  const { address, token } = await door(up);
  try {
    for (const [size, viewport] of [['desktop', { width: 1360, height: 860 }], ['phone', { width: 390, height: 844 }]]) {
      const context = await browser.newContext({ viewport, hasTouch: size === 'phone' });
      const page = await context.newPage();
      page.setDefaultTimeout(90_000);
      const at = (name) => `${size}-${name}`;
      await page.goto(size === 'desktop' ? `${address}/#token=${token}` : address);
      await page.waitForSelector('.door form');
      await page.fill('[name=name]', 'anna');
      await page.fill('[name=password]', 'correct horse battery');
      await page.click('button[type=submit]');
      await page.waitForSelector('.sentence');
      await page.click('text=Add a site');
      await page.waitForSelector('form.target');
      await look(page, at('add'));
      await page.fill('[name=address]', `${address}/livez`);
      await page.fill('[name=interval]', '1ms');
      await page.fill('[name=name]', `Our own console, ${size}`);
      await page.fill('[name=group]', 'Added here');
      await page.click('text=Add it');
      await page.waitForSelector('#wrong:has-text("1s to 24h")');
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'interval');
      await page.fill('[name=interval]', '2s');
      await page.fill('[name=id]', `own-${size}`);
      await page.fill('[name=text]', 'ok');
      await page.click('text=Add it');
      await page.waitForURL(`${address}/sites/own-${size}`);
      await page.waitForSelector('header.page .state.ok');
      await page.click('a:has-text("Change")');
      await page.waitForSelector('text=Its history stays');
      assert.equal(await page.inputValue('[name=text]'), 'ok');
      await page.fill('[name=text]', 'never on this page');
      await page.click('summary:has-text("More")');
      await page.fill('[name=retry]', '500ms');
      await look(page, at('change'));
      await page.click('button:has-text("Save")');
      await page.waitForSelector('header.page .state.down');
      await page.click('button:has-text("Pause")');
      await page.waitForSelector('header.page .state.paused');
      await page.click('a:has-text("Change")');
      await page.click('button:has-text("Remove")');
      await page.click('button:has-text("Really remove?")');
      await page.waitForURL(`${address}/`);
      await page.goto(`${address}/sites/healthy/change`);
      await page.waitForSelector('text=stands in the configuration file');
      await page.goto(`${address}/vantages`);
      await page.waitForSelector('.matrix tbody tr');
      const edge = /Edge\s+(http:\/\/[\d.:]+)/.exec(up.text)?.[1];
      if (edge) for (const way of ['healthy', 'refusing', 'healthy']) await page.request.get(`${edge}/${way}`).catch(() => undefined);
      await page.goto(`${address}/edge`);
      await page.waitForSelector('text=this process');
      if (edge) {
        await page.click('button[aria-label="Why: refusing"]');
        await page.waitForSelector('[aria-label="Verdict of refusing"] .lead');
      }
      await look(page, at('edge'));
      await page.click('summary:has-text("Let another pool")');
      await page.selectOption('[name=from]', 'refusing');
      await page.selectOption('[name=to]', 'healthy');
      await page.click('button:has-text("Switch")');
      await page.waitForSelector('.note:has-text("stands in for")');
      await page.click('button:has-text("Take back")');
      await page.click('button:has-text("Really take back?")');
      await page.waitForSelector('.note', { state: 'detached' });
      await page.goto(`${address}/guard`);
      await page.waitForSelector('button:has-text("Read the rules anew")');
      await page.waitForSelector('text=certainly get through to port');
      await look(page, at('guard'));
      await page.goto(`${address}/plan?names=www.example.net&old=127.0.0.2&new=127.0.0.3`);
      await page.click('summary:has-text("More")');
      await page.selectOption('[name=ssl]', 'flexible');
      await page.fill('[name=pages]', '5');
      await page.click('button:has-text("Make the plan")');
      await page.waitForURL(/\/plan\/[0-9a-f]{16}$/);
      await page.waitForSelector('h1:has-text("Move www.example.net")');
      assert.match(await page.textContent('.severity'), two.length === 2 ? /no-go: [1-9]/ : /go/);
      await page.fill('[type=datetime-local]', '2026-12-01T22:00');
      await page.waitForSelector('a:has-text("Calendar (.ics)")');
      await look(page, at('plan-made'));
      for (const [format, says] of [['text', /Steps/], ['json', /"causeway.plan\/1"/], ['calendar&at=2026-12-01T22:00:00Z', /BEGIN:VEVENT/]]) {
        const file = await page.request.get(`${page.url().split('?')[0].replace('/plan/', '/api/v1/plans/')}/file?format=${format}`);
        assert.match(file.headers()['content-disposition'], /attachment; filename="plan-/);
        assert.match(await file.text(), says);
      }
      await page.click('a:has-text("Ask again")');
      assert.equal(await page.inputValue('[name=new]'), '127.0.0.3');
      await page.waitForSelector('td:has-text("www.example.net")');
      await look(page, at('plan'));
      await context.close();
    }
  } finally { two.forEach((server) => server.close()); await stop(up.child); }
}

// An edge with a drained origin, one whose circuit opens, and a route in maintenance.
async function held() {
  const closed = createServer(() => {});
  const port = await new Promise((found) => closed.listen(0, '127.0.0.1', () => found(closed.address().port)));
  await new Promise((done) => closed.close(done)); // nobody listens there now
  writeFileSync(join(folder, 'held.toml'), `
[edge]
workers = 1
[[edge.listen]]
address = "127.0.0.1:5237"
[edge.admin]
address = "127.0.0.1:5236"
[edge.log]
on = false
[[edge.pool]]
name = "www"
[[edge.pool.origin]]
name = "old"
host = "127.0.0.1"
port = ${port}
drain = true
[[edge.pool.origin]]
name = "new"
host = "127.0.0.1"
port = ${port}
[[edge.route]]
hosts = ["www.example.net"]
path = "/shop"
maintenance = true
pool = "www"
[[edge.route]]
pool = "www"
[watch]
[[watch.target]]
url = "http://127.0.0.1:5237/"
`);
  const up = await start(['up', '-c', join(folder, 'held.toml'), '--store', join(folder, 'held.db'), '--listen', '5235']);
  const { address, token } = await door(up);
  try {
    for (const [size, viewport] of [['desktop', { width: 1360, height: 860 }], ['phone', { width: 390, height: 844 }]]) {
      const context = await browser.newContext({ viewport, hasTouch: size === 'phone' });
      const page = await context.newPage();
      page.setDefaultTimeout(90_000);
      await page.goto(size === 'desktop' ? `${address}/#token=${token}` : address);
      await page.waitForSelector('.door form');
      await page.fill('[name=name]', 'anna');
      await page.fill('[name=password]', 'correct horse battery');
      await page.click('button[type=submit]');
      await page.waitForSelector('.sentence');
      assert.equal((await page.request.get('http://127.0.0.1:5237/')).status(), 521);
      await page.goto(`${address}/edge`);
      await page.waitForSelector('td:has-text("drains: no new visitors")');
      await page.waitForSelector('td:has-text("connect.refused"):has-text("circuit o")'); // open, or on trial
      await page.waitForSelector('.note:has-text("In maintenance: www.example.net, /shop and below")');
      await look(page, `${size}-edge-held`);
      await context.close();
    }
  } finally { await stop(up.child); }
}

// A thousand sites: the worst come first, all are there for who asks.
async function many() {
  const big = join(folder, 'many.db');
  const words = ['console', '--store', big, '--listen', '5234'];
  await stop((await start(watching(big, '5234'))).child);
  execFileSync('python3', ['e2e/fill.py', big, '992'], { stdio: 'inherit' });
  const up = await start(words);
  const address = /Console\s+(\S+)/.exec(up.text)[1];
  try {
    for (const [size, viewport] of [['desktop', { width: 1360, height: 860 }], ['phone', { width: 390, height: 844 }]]) {
      const context = await browser.newContext({ viewport, hasTouch: size === 'phone' });
      const page = await context.newPage();
      page.setDefaultTimeout(90_000);
      await page.goto(size === 'desktop' ? `${address}/#token=${/token=(\S+)/.exec(up.text)[1]}` : address);
      await page.waitForSelector('.door form');
      await page.fill('[name=name]', 'anna');
      await page.fill('[name=password]', 'correct horse battery');
      await page.click('button[type=submit]');
      await page.waitForSelector('.sentence');
      await page.goto(address);
      await page.waitForSelector('.sites li');
      const timed = await page.evaluate(() => { const [now] = performance.getEntriesByType('resource').filter((each) => each.name.includes('/api/v1/now')); return { shown: performance.now(), now: now.duration, bytes: now.encodedBodySize, whole: now.decodedBodySize }; });
      console.error(`many: ${size}: 1000 sites shown ${Math.round(timed.shown)} ms after the start of loading; /api/v1/now took ${Math.round(timed.now)} ms, ${timed.bytes} bytes (${timed.whole} unpacked)`);
      assert.equal(await page.locator('.sites li').count(), 200);
      assert.match(await page.textContent('.sites li'), /down/);
      await page.waitForSelector('text=The 200 worst of 1000 sites.');
      await page.waitForSelector('text=2 more are open, opened before these');
      await look(page, `${size}-many`);
      await page.fill('#search', 'site 977');
      await page.waitForFunction(() => document.querySelectorAll('.sites li').length === 1);
      await page.fill('#search', '');
      await page.waitForFunction(() => document.querySelectorAll('.sites li').length === 1000);
      assert.equal(await page.locator('text=worst of').count(), 0);
      const frame = await page.evaluate(async () => { // the longest pause while the whole list is scrolled through
        let longest = 0;
        for (let y = 0, before = performance.now(); y < document.documentElement.scrollHeight; y += 900) {
          scrollTo(0, y);
          await new Promise(requestAnimationFrame);
          longest = Math.max(longest, performance.now() - before);
          before = performance.now();
        }
        return Math.round(longest);
      });
      console.error(`many: ${size}: the longest frame while all 1000 are scrolled through: ${frame} ms`);
      await context.close();
    }
  } finally { await stop(up.child); }
}

let { child, text } = await start(watching(store, '5239'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await stop(child); // the store is made; fill it while nobody has it
  execFileSync('python3', ['e2e/fill.py', store], { stdio: 'inherit' });
  writeFileSync(join(folder, 'facts.json'), spawnSync(program, ['inspect', '--format', 'json'], { maxBuffer: 1 << 24 }).stdout);
  ({ child, text } = await start());
  const address = /Console\s+(\S+)/.exec(text)[1];
  const token = /token=(\S+)/.exec(text)[1];
  for (const [size, viewport] of [['desktop', { width: 1360, height: 860 }], ['phone', { width: 390, height: 844 }]]) {
    // axe is evaluated into the page, which its CSP would forbid to a page of its own.
    const context = await browser.newContext({ viewport, bypassCSP: false, hasTouch: size === 'phone' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    page.setDefaultTimeout(90_000);
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => { if (message.type() === 'error' && !/40[0-9]|422|501/.test(message.text())) errors.push(message.text()); });
    const at = (name) => `${size}-${name}`;

    await page.goto(size === 'desktop' ? `${address}/#token=${token}` : address);
    await page.waitForSelector('.door form');
    await look(page, at(size === 'desktop' ? 'set-up' : 'log-in'));
    await page.fill('[name=name]', 'anna');
    await page.fill('[name=password]', 'correct horse battery');
    await page.click('button[type=submit]');
    await page.waitForSelector('.sentence');
    assert.match(await page.textContent('.sentence'), /2 incidents are open; 3 of 8 sites are fine/);
    await page.waitForSelector('.link.live');
    await look(page, at('now'));
    await page.keyboard.press('/');
    await page.keyboard.type('docu');
    await page.waitForFunction(() => document.querySelectorAll('.sites li').length === 1);
    await page.fill('#search', '');
    await page.click('.sentence');
    await page.keyboard.press('?');
    await look(page, at('keys'));
    await page.click('dialog button');

    await page.click('text=Shop is down');
    await page.waitForSelector('.verdict');
    assert.match(await page.textContent('.verdict'), /Start the machine in your provider/);
    await look(page, at('incident'));
    await page.click('.command .copy >> nth=0');
    await page.waitForSelector('text=Copied');
    await page.goBack();
    await page.click('text=2 sites at 198.51.100.20');
    await page.waitForSelector('text=2 of 2 sites with the address');
    await look(page, at('incident-shared'));

    await page.goto(`${address}/sites/shop`);
    await page.waitForSelector('.plot canvas');
    await look(page, at('site'));
    await page.click('text=Show table');
    await page.waitForSelector('text=Mean response times by stage', { state: 'attached' });
    await page.click('#diagnose');
    await page.waitForSelector('.diagnose .verdict, .diagnose .failed', { timeout: 90_000 });
    await look(page, at('diagnose-now'));

    await page.goto(`${address}/incidents/i1`);
    await page.waitForSelector('text=Report for the hosting provider');
    const report = await page.request.get(`${address}/api/v1/incidents/i1/report?format=text`);
    assert.match(report.headers()['content-disposition'], /attachment; filename="report-i1.txt"/);
    assert.match(await report.text(), /203\.0\.113\.10/);
    for (const format of ['html', 'json', 'bundle']) assert.equal((await page.request.get(`${address}/api/v1/incidents/i1/report?format=${format}`)).status(), 200);
    await page.goto(`${address}/add`); // without a watch: said, and nothing is lost
    await page.fill('[name=address]', 'https://new.example.net/');
    await page.click('text=Add it');
    await page.waitForSelector('#wrong:has-text("does not watch")');
    assert.equal(await page.inputValue('[name=address]'), 'https://new.example.net/');
    await page.goto(`${address}/vantages?show=disagree`);
    await page.waitForSelector('text=2 of 3 places see it fail: fra1, ny2');
    assert.equal(await page.locator('.matrix tbody tr').count(), 1);
    await page.click('button:has-text("all ")');
    await page.waitForFunction(() => document.querySelectorAll('.matrix tbody tr').length === 8);
    await look(page, at('vantages'));
    await page.goto(`${address}/origin`);
    await page.setInputFiles('[type=file]', { name: 'facts.json', mimeType: 'application/json', buffer: Buffer.from('{"schema":"moon/1"}') });
    await page.waitForSelector('.failed');
    await page.setInputFiles('[type=file]', { name: 'facts.json', mimeType: 'application/json', buffer: readFileSync(join(folder, 'facts.json')) });
    await page.waitForSelector('#findings');
    await look(page, at('origin'));

    await page.goto(`${address}/plan`); // private addresses are for who allows them
    await page.fill('[name=names]', 'www.example.net');
    await page.fill('[name=old]', '203.0.113.9');
    await page.fill('[name=new]', '10.0.0.1');
    await page.click('text=Make the plan');
    await page.waitForSelector('#wrong:has-text("10.0.0.1 is private")');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'new');
    await page.waitForSelector('a[aria-label^="Text: report of Shop is down"]');
    await look(page, at('plan-refused'));

    for (const [path, wait] of [['edge', 'text=No edge is known here'], ['incidents', 'text=Old site'], ['hosts', 'text=198.51.100.20'], ['certificates', 'table'], ['settings/maintenance', 'text=Database upgrade'], ['settings/alerts', 'text=Outbox'], ['settings/people', 'text=anna'], ['settings/tokens', 'text=Make a token'], ['settings/audit', 'text=set-up'], ['settings/own', 'text=Change your password']]) {
      await page.goto(`${address}/${path}`);
      await page.waitForSelector(wait);
      await look(page, at(path.replace('/', '-')));
    }
    await page.goto(`${address}/settings/tokens`);
    await page.fill('[name=name]', `grafana-${size}`);
    await page.click('text=Make it');
    await page.waitForSelector('text=shown this once');
    await page.goto(`${address}/settings/people`);
    await page.waitForSelector('text=Add somebody');
    await page.fill('[name=name]', `ben-${size}`);
    await page.fill('[name=password]', 'another long one');
    await page.click('.fields button');
    await page.waitForSelector(`td:text("ben-${size}")`);
    if (size === 'desktop') {
      await page.keyboard.press('Escape');
      await page.click('h1');
      await page.keyboard.press('g');
      await page.keyboard.press('h');
      await page.waitForURL(`${address}/hosts`);
      await page.keyboard.press('g');
      await page.keyboard.press('p');
      await page.waitForURL(`${address}/plan`);
    }
    await page.goto(`${address}/status/`);
    assert.match(await page.textContent('.banner'), /3 of 8 services are down/);
    await look(page, at('status'));
    await page.goto(address);
    await page.click('text=Log out');
    await page.waitForSelector('.door');
    if (errors.length > 0) { failures++; console.error(`${size}: the page reported:\n  ${errors.join('\n  ')}`); }
    await context.close();
  }
  await stop(child);
  child = undefined;
  await live();
  await held();
  await many();
} catch (error) {
  failures++;
  console.error(error);
} finally {
  await browser.close();
  if (child) await stop(child).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
console.error(failures === 0 ? `e2e: every page clicked through; screenshots in ${shots}` : `e2e: ${failures} problems`);
process.exit(failures === 0 ? 0 : 1);
