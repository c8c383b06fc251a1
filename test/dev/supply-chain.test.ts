// What comes along when somebody installs the package: what is listed and no more; and what CI says when some of it is vulnerable.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { onEnd, suite } from '../support/harness.js';

const test = suite('supply chain', { timeout: 60_000 });

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

test('SECURITY.md gives a reason for each runtime dependency, and lists no other', () => {
  const security = readFileSync('SECURITY.md', 'utf8');
  const section = security.slice(security.indexOf('## Supply chain'));
  const listed = [...section.matchAll(/^\| `(.+?)` \| .{20,} \|$/gm)].map(([, name]) => name);
  assert.equal(listed.sort(), Object.keys(manifest.dependencies).sort());
});

test('neither the package nor anything that comes along runs at its installation', () => {
  const own = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^(pre|post)?prepare$/.test(name));
  assert.equal(own, []);
  const installed = Object.entries<any>(lock.packages).filter(([where, { dev, peer }]) => where && !dev && !peer);
  assert.ok(installed.length > 10, 'the lock lists what is installed');
  const running = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([where]) => where);
  assert.equal(running, []);
});

/** How CI's audit ends where the registry answers so. */
async function audit(answer: http.RequestListener) {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  onEnd(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return auditAt(`http://127.0.0.1:${port}`);
}

function auditAt(registry: string): Promise<{ code: number; output: string }> {
  const cache = mkdtempSync(path.join(os.tmpdir(), 'audit-test-')); // what npm remembers of the real registry is no answer
  onEnd(() => rmSync(cache, { recursive: true }));
  const env = { ...process.env, npm_config_registry: registry, npm_config_cache: cache };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'dev/audit.ts'], { env }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout.trim() }),
    );
  });
}

const json =
  (status: number, body: object): http.RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

test('a known vulnerability of a runtime dependency ends CI red, and names it', async () => {
  const advisory = { id: 1, url: '', title: 'takes over terminals', severity: 'low', vulnerable_versions: '*' };
  const found = json(200, { ms: [advisory] });
  const { code, output } = await audit((request, response) =>
    (request.method === 'POST' ? found : json(404, {}))(request, response),
  );
  assert.is(code, 1, output);
  assert.match(output, /^ms .*: low: takes over terminals$/m);
});

test('none ends it green', async () => {
  const { code, output } = await audit(json(200, {}));
  assert.equal([code, /^audit: 0 of \d+ runtime dependencies/m.test(output)], [0, true], output);
});

test('a registry that does not audit, or is not there, keeps nobody from working, but is not taken for good news', async () => {
  for (const answered of [audit(json(405, {})), auditAt('http://127.0.0.1:1')]) {
    const { code, output } = await answered;
    assert.equal([code, /^audit: the registry gives no answer/.test(output)], [0, true], output);
  }
});
