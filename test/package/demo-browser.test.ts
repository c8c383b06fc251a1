// Tests the demo's pages in Chromium.
// SCREENSHOTS=docs npm run test:package demo-browser   also takes the pictures in docs/ again.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type Demo, databaseWith, running, serve } from '../support/demo.js';
import { freshNames, freshPool } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('demo-browser', { timeout: 60_000 });

const executablePath = (process.env.PATH ?? '')
  .split(path.delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(folder, name)))
  .find((file) => existsSync(file));

let browser: Browser | undefined;
let demo: Demo;

/** A browser with its own cookies. An error in the page fails the test. */
async function visitor(userAgent?: string): Promise<Page> {
  const context = await browser!.newContext({
    viewport: { width: 1000, height: 620 },
    ...(userAgent && { userAgent }),
  });
  onEnd(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  onEnd(() => assert.equal(errors, []));
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(demo.url);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor();
}

async function signInAsAdministrator(page: Page): Promise<void> {
  await page.goto(`${demo.url}/administration`);
  await page.getByLabel('Password').fill(demo.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sessions' }).waitFor();
}

const takeScreenshot = async (page: Page, name: string): Promise<unknown> =>
  process.env.SCREENSHOTS && page.screenshot({ path: path.join(process.env.SCREENSHOTS, name), fullPage: true });

const cookieOf = async (page: Page): Promise<string> =>
  (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const devices = (page: Page) => page.getByRole('listitem');

const { schemaName } = freshNames();
const table = quotedName({ schemaName, tableName: 'demo sessions' });

test.before(async () => {
  demo = await serve(await databaseWith(schemaName));
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
test.after(async () => {
  await browser?.close();
  await demo.end('SIGTERM').finally(() => {
    for (const child of running) child.kill('SIGKILL');
  });
});

test('the pages of devices redirect a visitor without a session, and refuse a malformed handle', async () => {
  const request = (url: string, form?: Record<string, string>) =>
    fetch(demo.url + url, { ...(form && { method: 'POST', body: new URLSearchParams(form) }), redirect: 'manual' });
  const { status, headers } = await request('/devices');
  assert.equal([status, headers.get('Location')], [303, '/']);
  assert.is((await request('/devices/sign-out-others', {})).status, 303);
  assert.is((await request('/devices/sign-out', { handle: 'f'.repeat(63) })).status, 422);
  assert.is((await request('/devices/sign-out', { handle: 'f'.repeat(64) })).status, 303);
});

if (executablePath) {
  test('two browsers of one user list each other, and each signs the other out', async () => {
    const [one, other, stranger] = [await visitor(), await visitor(FIREFOX), await visitor()];
    for (const page of [one, other]) await signIn(page, 'Ada');
    await signIn(stranger, 'Eve');
    const openDevices = (page: Page) => page.getByRole('link', { name: 'Your devices' }).click();

    await openDevices(one);
    assert.match(
      (await devices(one).allInnerTexts()).join(),
      /^Chrom\w+ on Linux\s+this browser,Firefox on Linux\s+last active .*Sign out$/s,
    );
    await devices(one).getByRole('button', { name: 'Sign out' }).click();
    await one.getByText('in another browser').waitFor();
    assert.is(await devices(one).count(), 1);
    await other.reload();
    await other.getByRole('heading', { name: 'What is your name?' }).waitFor();

    await signIn(other, 'Ada');
    await openDevices(other);
    await other.getByRole('button', { name: 'Sign out the others' }).click();
    await other.getByText('in another browser').waitFor();
    await one.reload();
    await one.getByRole('heading', { name: 'What is your name?' }).waitFor();
    await stranger.reload();
    await stranger.getByRole('heading', { name: 'Hello, Eve' }).waitFor();
  });

  test("the list of devices does not sign out another user's session", async () => {
    const [mine, theirs] = [await visitor(), await visitor()];
    await signIn(mine, 'Mallory');
    await signIn(theirs, 'Bob');
    await signIn(await visitor(FIREFOX), 'Mallory');
    await signIn(await visitor(FIREFOX), 'Bob');
    await theirs.goto(`${demo.url}/devices`);
    const handle = await theirs.locator('input[name=handle]').inputValue();

    await mine.goto(`${demo.url}/devices`);
    await mine.locator('input[name=handle]').evaluate((input, value) => input.setAttribute('value', value), handle);
    await mine.getByRole('button', { name: 'Sign out', exact: true }).click();
    await mine.waitForLoadState();

    assert.is(await devices(mine).count(), 2);
    await theirs.reload();
    assert.is(await devices(theirs).count(), 2);
  });

  test('the administration page counts live sessions, and refreshes by itself', async () => {
    const pool = freshPool();
    const page = await visitor();
    await signInAsAdministrator(page);
    const live = async () => Number(await page.locator('#live').innerText());
    const bars = async () =>
      (await page.locator('meter').evaluateAll((meters) => meters.map((meter) => meter.getAttribute('value')))).map(
        Number,
      );
    await pool.query(
      `INSERT INTO ${table} SELECT 'seed ' || age || n, '{"cookie":{}}', now() + age * interval '1 min'
       FROM unnest($1::int[], $2::int[]) AS seed(age, count), generate_series(1, count) AS n`,
      [
        [5, 15, 25, 35, 45],
        [2, 5, 9, 12, 7],
      ],
    );
    const before = (await pool.query(`SELECT count(*)::int AS live FROM ${table}`)).rows[0].live;
    for (const agent of [undefined, FIREFOX, IPHONE]) await signIn(await visitor(agent), 'Grace');

    await page.locator('#live', { hasText: new RegExp(`^${before + 3}$`) }).waitFor();

    assert.is(
      (await bars()).reduce((sum, count) => sum + count),
      await live(),
    );
    const found = await bars();
    assert.equal(found.slice(0, 5), [2, 5, 9, 12, 7]);
    assert.ok(found[5]! >= 3); // a new session has almost an hour left
    await takeScreenshot(page, 'demo-administration.png');
    await page.getByRole('link', { name: 'Your devices' }).click(); // leads to the sign-in form
    const grace = await visitor();
    await signIn(grace, 'Grace');
    await grace.goto(`${demo.url}/devices`);
    assert.is(await devices(grace).count(), 4);
    await takeScreenshot(grace, 'demo-devices.png');
    await page.getByRole('heading', { name: 'What is your name?' }).waitFor();
  });

  test('an administrator searches for a user, revokes one session, and then all', async () => {
    const [one, other, stranger, page] = [await visitor(), await visitor(FIREFOX), await visitor(), await visitor()];
    for (const visit of [one, other]) await signIn(visit, 'Zoe "Q"');
    await signIn(stranger, 'Yan');
    await signInAsAdministrator(page);
    await page.getByRole('link', { name: 'Find a user' }).click();
    await page.getByLabel('Name of the user').fill('Zoe "Q"');
    await page.getByRole('button', { name: 'Search' }).click();
    await devices(page).nth(1).waitFor();
    await takeScreenshot(page, 'demo-search.png');
    await devices(page).filter({ hasText: 'Firefox' }).getByRole('button', { name: 'Revoke' }).click();
    await devices(page).filter({ hasText: 'Firefox' }).waitFor({ state: 'detached' });
    assert.is(await devices(page).count(), 1);
    await other.reload();
    await other.getByRole('heading', { name: 'What is your name?' }).waitFor();

    await page.getByRole('button', { name: 'Revoke all sessions of Zoe' }).click();
    await page.getByText('has no session').waitFor();
    await one.reload();
    await one.getByRole('heading', { name: 'What is your name?' }).waitFor();
    await stranger.reload();
    await stranger.getByRole('heading', { name: 'Hello, Yan' }).waitFor();
    await page.getByRole('link', { name: 'Back to the administration' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'What is your name?' }).waitFor();
  });

  for (const [button, picture, lost, kept] of [
    ['Change two things at once', 'demo-races.png', '20 of 20 pairs lost a change', '"theme": "dark"'],
    ['Sign out during a slow request', undefined, '20 of 20 users were signed in again', 'the user is signed out'],
  ] as const) {
    test(`the button "${button}" shows what MemoryStore loses and this store keeps`, async () => {
      const page = await visitor();
      await page.goto(`${demo.url}/races`);
      await page.getByRole('button', { name: button }).click();
      await page.getByRole('heading', { name: /^Result/ }).waitFor();
      const text = async (store: string) => (await page.getByLabel(store).innerText()).replace(/\s+/g, ' ');
      assert.match(await text('connect-pg-typed'), / 0 of 20 /);
      assert.ok((await text('connect-pg-typed')).includes(kept));
      assert.ok((await text('MemoryStore')).includes(lost), await text('MemoryStore'));
      assert.not.ok((await text('MemoryStore')).includes(kept));
      if (picture) await takeScreenshot(page, picture);
    });
  }

  test('the switch cuts the database off: responses are 503, and the visitor stays signed in', async () => {
    const page = await visitor();
    const user = await visitor();
    await signIn(user, 'Ida');
    await page.goto(`${demo.url}/outage`);
    await page.getByText('signed in').first().waitFor();
    await page.getByText('visit 2, still signed in').first().waitFor();
    await page.getByRole('button', { name: 'Cut the connection' }).click();
    await page.locator('#state', { hasText: 'cut off' }).waitFor();
    await page.getByText('503 please try again').nth(1).waitFor();
    const { status, headers } = await fetch(demo.url, { headers: { cookie: await cookieOf(user) } });
    assert.equal([status, headers.get('retry-after')], [503, '5']);
    assert.is((await fetch(`${demo.url}/races/changes`, { method: 'POST' })).status, 503);

    await page.getByRole('button', { name: 'Connect the database again' }).click();
    await page.locator('#state', { hasText: 'connected' }).waitFor();
    await page.getByText('visit 3, still signed in').first().waitFor();
    await takeScreenshot(page, 'demo-outage.png');
    await user.reload();
    await user.getByRole('heading', { name: 'Hello, Ida' }).waitFor();
    const { rowCount } = await freshPool().query('SELECT'); // the server itself was never away
    assert.is(rowCount, 1);
  });
} else {
  console.log('left out, because Chromium is not on the PATH: the demo in a real browser');
}
