// npm run audit   Asks the npm registry for known vulnerabilities of the runtime dependencies.
// Exits with 1 if there are any. Exits with 0 if the registry does not answer, and prints that.
import { spawnSync } from 'node:child_process';

const flags = ['--omit=dev', '--omit=peer', '--json', '--fetch-retries=0', '--fetch-timeout=30000'];
const { stdout, stderr } = spawnSync('npm', ['audit', ...flags], { encoding: 'utf8' });
const { metadata, vulnerabilities, message } = parseReport(stdout);
if (metadata) {
  const found = Object.values(vulnerabilities ?? {});
  for (const { name, severity, range, via } of found) console.log(`${name} ${range}: ${severity}: ${titlesOf(via)}`);
  console.log(
    `audit: ${found.length} of ${metadata.dependencies.prod} runtime dependencies have a known vulnerability`,
  );
  process.exitCode = found.length > 0 ? 1 : 0;
} else {
  console.log(
    `audit: the registry did not answer, so vulnerabilities are unknown: ${message ?? stderr.trim().split('\n')[0]}`,
  );
}

interface Report {
  message?: string;
  metadata?: { dependencies: { prod: number } };
  vulnerabilities?: Record<string, { name: string; severity: string; range: string; via: Via[] }>;
}
type Via = string | { title: string };

function parseReport(text: string): Report {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function titlesOf(via: Via[]): string {
  return via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : cause.title)).join('; ');
}
