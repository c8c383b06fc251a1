// Outages of the database: each call ends in time, and later calls succeed.
import { isCitus } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { assertSurvives } from '../support/outcomes.js';

const test = suite('outages', { timeout: isCitus ? 60_000 : 20_000 });
const timeout = isCitus ? 1 : 0.5; // there, a connection takes longer: its first statement connects to a worker

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`with ${name}, each call ends in time and later calls succeed`, async () => {
    await assertSurvives(outage, await openScene({ timeout }), timeout);
  });
}
