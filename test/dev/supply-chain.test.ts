// The runtime dependencies are listed, run nothing at installation, and are audited by CI.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { compiled } from '../support/compiled.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('supply chain', { timeout: 60_000 });

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

interface LockedPackage {
  dev?: boolean;
  peer?: boolean;
  hasInstallScript?: boolean;
}

test('SECURITY.md gives a reason for each runtime dependency, and lists no other', () => {
  const security = readFileSync('SECURITY.md', 'utf8');
  const section = security.slice(security.indexOf('## Supply chain'));
  const listed = [...section.matchAll(/^\| `(.+?)` \| .{20,} \|$/gm)].map(([, name]) => name);
  assert.equal(listed.sort(), Object.keys(manifest.dependencies).sort());
});

test('the package and its dependencies run nothing at installation', () => {
  const own = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^(pre|post)?prepare$/.test(name));
  assert.equal(own, []);
  const installed = Object.entries<LockedPackage>(lock.packages).filter(
    ([folder, { dev, peer }]) => folder && !dev && !peer,
  );
  assert.ok(installed.length > 5, 'package-lock.json lists the dependencies');
  const withScript = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([folder]) => folder);
  assert.equal(withScript, []);
});

/** Runs npm run audit on a registry that answers like this. */
async function audit(respond: http.RequestListener) {
  const server = http.createServer(respond).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  onEnd(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return auditAt(`http://127.0.0.1:${port}`);
}

function auditAt(registry: string): Promise<{ code: number; output: string }> {
  const cache = mkdtempSync(path.join(os.tmpdir(), 'audit-test-')); // npm must not answer from the cache of the real registry
  onEnd(() => rmSync(cache, { recursive: true }));
  const env = { ...process.env, npm_config_registry: registry, npm_config_cache: cache };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--enable-source-maps', compiled('dev/audit.ts')], { env }, (error, stdout) =>
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

test('the audit exits with 1 and names the vulnerability of a runtime dependency', async () => {
  const advisory = { id: 1, url: '', title: 'takes over terminals', severity: 'low', vulnerable_versions: '*' };
  const found = json(200, { 'emoji-regex': [advisory] });
  const { code, output } = await audit((request, response) =>
    (request.method === 'POST' ? found : json(404, {}))(request, response),
  );
  assert.is(code, 1, output);
  assert.match(output, /^emoji-regex .*: low: takes over terminals$/m);
});

test('the audit exits with 0 if no vulnerability is known', async () => {
  const { code, output } = await audit(json(200, {}));
  assert.equal([code, /^audit: 0 of \d+ runtime dependencies/m.test(output)], [0, true], output);
});

test('the audit exits with 0 and prints that it knows nothing if the registry does not answer', async () => {
  for (const result of [audit(json(405, {})), auditAt('http://127.0.0.1:1')]) {
    const { code, output } = await result;
    assert.equal([code, /^audit: the registry did not answer/.test(output)], [0, true], output);
  }
});
