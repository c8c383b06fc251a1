// Outages of the database: each call ends in time, and later calls succeed.
import { suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { assertSurvives } from '../support/outcomes.js';

const test = suite('outages', { timeout: 20_000 });
const timeout = 0.5;

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`with ${name}, each call ends in time and later calls succeed`, async () => {
    await assertSurvives(outage, await openScene({ timeout }), timeout);
  });
}
