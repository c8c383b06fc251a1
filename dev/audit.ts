// npm run audit   Asks npm's registry for known vulnerabilities of what users install. No answer is said, and is no failure.
import { spawnSync } from 'node:child_process';

const flags = ['--omit=dev', '--omit=peer', '--json', '--fetch-retries=0', '--fetch-timeout=30000'];
const { stdout, stderr } = spawnSync('npm', ['audit', ...flags], { encoding: 'utf8' });
const { metadata, vulnerabilities, message } = answerOf(stdout);
if (metadata) {
  const found = Object.values(vulnerabilities ?? {});
  for (const { name, severity, range, via } of found) console.log(`${name} ${range}: ${severity}: ${titlesOf(via)}`);
  console.log(
    `audit: ${found.length} of ${metadata.dependencies.prod} runtime dependencies have a known vulnerability`,
  );
  process.exitCode = found.length > 0 ? 1 : 0;
} else {
  console.log(`audit: the registry gives no answer, nothing is known: ${message ?? stderr.trim().split('\n')[0]}`);
}

interface Answer {
  message?: string;
  metadata?: { dependencies: { prod: number } };
  vulnerabilities?: Record<string, { name: string; severity: string; range: string; via: Via[] }>;
}
type Via = string | { title: string };

function answerOf(text: string): Answer {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function titlesOf(via: Via[]): string {
  return via.map((one) => (typeof one === 'string' ? `by ${one}` : one.title)).join('; ');
}
