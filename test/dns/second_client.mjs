// The provider's own client library against our local server of its API: is the server true to the protocol?
// test/dns/second_client.sh installs the library and runs this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import Cloudflare from 'cloudflare';

const records = path.join(mkdtempSync(path.join(tmpdir(), 'api-')), 'records.json');
writeFileSync(records, JSON.stringify(Array.from({ length: 7 }, (_, i) =>
  ({ type: 'A', name: `h${i}.example.net`, content: `203.0.113.${i + 1}`, proxied: i % 2 === 0 }))));
const server = spawn('/usr/bin/python3', [process.env.PROVIDER_API, '--zone', 'example.net',
  '--records', records, '--most-per-page', '3']);
try {
  const port = await new Promise((done) => createInterface(server.stdout).once('line', (line) => done(line.split(' ')[1])));
  const baseURL = `http://127.0.0.1:${port}/client/v4`;
  const client = new Cloudflare({ apiToken: 'edit-token', baseURL, maxRetries: 2 });

  assert.equal((await client.user.tokens.verify()).status, 'active');
  const zones = [];
  for await (const zone of client.zones.list({ name: 'example.net' })) zones.push(zone);
  assert.equal(zones.length, 1);
  const zone_id = zones[0].id;

  const seen = [];
  for await (const record of client.dns.records.list({ zone_id, per_page: 3 })) seen.push(record);
  assert.equal(seen.length, 7, 'the library walks our pages');
  assert.ok(seen.every((record) => record.id.length === 32 && typeof record.proxiable === 'boolean'));

  const made = await client.dns.records.create({ zone_id, type: 'MX', name: 'example.net', content: 'mail.example.net', priority: 10, ttl: 300 });
  assert.equal(made.priority, 10);
  const edited = await client.dns.records.edit(made.id, { zone_id, type: 'MX', name: 'example.net', comment: 'kept', ttl: 600 });
  assert.equal(edited.comment, 'kept');
  assert.equal(edited.content, 'mail.example.net', 'PATCH changes what it names');
  const batch = await client.dns.records.batch({ zone_id, deletes: [{ id: made.id }],
    posts: [{ type: 'A', name: 'new.example.net', content: '203.0.113.99', ttl: 1, proxied: true }] });
  assert.equal(batch.deletes[0].id, made.id);
  assert.equal(batch.posts[0].content, '203.0.113.99');
  assert.equal((await client.zones.settings.get('ssl', { zone_id })).value, 'strict');
  await client.cache.purge({ zone_id, hosts: ['new.example.net'] });
  assert.equal((await client.zones.edit({ zone_id, paused: true })).paused, true);

  const refused = await client.dns.records.create({ zone_id, type: 'A', name: 'bad.example.net', content: 'x', ttl: 1 }).catch((error) => error);
  assert.equal(refused.status, 400);
  assert.equal(refused.errors[0].code, 1004);
  assert.equal(refused.errors[0].error_chain[0].code, 9005);
  const stranger = new Cloudflare({ apiToken: 'bad-token', baseURL, maxRetries: 0 });
  assert.equal((await stranger.user.tokens.verify().catch((error) => error)).status, 403);

  await fetch(`http://127.0.0.1:${port}/test/fault`, { method: 'POST', body: JSON.stringify({ kind: 'limit', times: 1, retry_after: 1 }) });
  const begin = Date.now();
  await client.dns.records.get(batch.posts[0].id, { zone_id });
  assert.ok(Date.now() - begin >= 1000, 'the library reads our Retry-After');
  console.log('the second client finds the server true to the protocol');
} finally {
  server.kill();
}
