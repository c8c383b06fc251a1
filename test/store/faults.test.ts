// The database is away, in each way there is: every call is answered in time, and afterwards all is well.

import { suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { assertSurvives } from '../support/outcomes.js';

const test = suite('faults', { timeout: 20_000 });
const timeout = 0.5;

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`${name}: every call is answered in time, and afterwards all is well`, async () => {
    await assertSurvives(outage, await openScene({ timeout }), timeout);
  });
}
