// What the calls of a store are answered, when, and how it should have been.
import * as assert from 'uvu/assert';
import { type PgSessionStore, SessionStoreError } from '../../src/index.js';
import { cookieFor, loadSession, session } from './fresh-store.js';
import type { Outage, Scene } from './outages.js';

const SECRETS = { sid: 'SECRET-ID', payload: 'SECRET-PAYLOAD' };
const CODES = ['DATABASE', 'CONFLICT', 'TIMEOUT', 'OVERLOADED', 'CLOSED'];

export interface Outcome {
  method: string;
  /** Milliseconds from the call to its answer. */
  ms: number;
  error?: unknown;
}

export async function outcomeOf(method: string, call: () => Promise<unknown>): Promise<Outcome> {
  const begun = performance.now();
  const error = await call().then(
    () => undefined,
    (thrown) => thrown,
  );
  return { method, ms: performance.now() - begun, ...(error && { error }) };
}

/** Makes sessions, and a function that makes a call of each kind at once. */
export async function callers(store: PgSessionStore): Promise<() => Promise<Outcome[]>> {
  const make = async (name: string) => {
    const sid = `${SECRETS.sid} ${name}`;
    await store.set(sid, session({ payload: SECRETS.payload, n: 0 }));
    return sid;
  };
  const [toRead, toSave, toTouch, toUpdate] = await Promise.all(['read', 'save', 'touch', 'update'].map(make));
  const loaded = await loadSession(store, toSave!);
  let n = 0;
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => store.get(toRead!),
    length: () => store.length(),
    all: () => store.all(),
    'set of a new session': () => store.set(`${SECRETS.sid} ${++n}`, session({ payload: SECRETS.payload })),
    'set of a loaded session': () => {
      loaded.n = ++n;
      return store.set(toSave!, loaded as never);
    },
    touch: () => store.touch(toTouch!, session({}, cookieFor(1000 + 1000 * ++n))),
    update: () =>
      store.update(toUpdate!, (found: any) => {
        found.n++;
      }),
    destroy: () => store.destroy(`${SECRETS.sid} nobody's`),
  };
  return () => Promise.all(Object.entries(calls).map(([method, call]) => outcomeOf(method, call)));
}

const isRead = ({ method }: Outcome): boolean => /^(get|length|all)$/.test(method);

/** None is later than the timeout, in seconds, and a tenth or 250 ms more; errors are the store's, and tell no secrets. */
export function assertInTime(answers: Outcome[], timeout: number): void {
  const limitMs = timeout * 1000 + Math.max(timeout * 100, 250);
  for (const { method, ms, error } of answers) {
    assert.ok(ms <= limitMs, `${method}: answered after ${ms.toFixed(0)} ms with ${error}`);
    if (!error) continue;
    assert.instance(error, SessionStoreError, `${method}: ${error}`);
    const { code, status, headers, message, stack } = error as SessionStoreError;
    assert.ok(CODES.includes(code), `${method}: ${code}`);
    assert.is(status, 503);
    assert.match(headers['Retry-After'], /^[1-9]\d*$/);
    for (const secret of Object.values(SECRETS)) assert.not.ok(`${message}${stack}`.includes(secret), message);
  }
}

/** Without a restart: no error, half of the calls within 200 ms, all within a second. */
export async function assertHealthy(ask: () => Promise<Outcome[]>): Promise<void> {
  const answers: Outcome[] = [];
  for (let round = 0; round < 5; round++) answers.push(...(await ask()));
  for (const { method, ms, error } of answers) {
    assert.not.ok(error, `${method}, afterwards: ${(error as Error)?.stack}`);
    assert.ok(ms <= 1000, `${method}, afterwards: answered after ${ms.toFixed(0)} ms`);
  }
  const median = answers.map(({ ms }) => ms).sort((a, b) => a - b)[answers.length >> 1]!;
  assert.ok(median <= 200, `half of the calls afterwards took ${median.toFixed(0)} ms or more`);
}

/** Calls under way when it begins, calls while it lasts, calls afterwards: each as it should be. */
export async function assertSurvives({ fails, begin, end }: Outage, scene: Scene, timeout: number): Promise<void> {
  const ask = await callers(scene.store);
  const underWay = ask();
  await begin(scene);
  const begunBefore = await underWay;
  const begunDuring = await ask();
  const health = await scene.store.health();
  await end(scene);

  await assertHealthy(ask);
  assert.is((await scene.store.health()).ok, true);
  assertInTime([...begunBefore, ...begunDuring, { method: 'health', ms: health.latencyMs }], timeout);
  assert.is(health.ok, fails !== 'all', `health: ${JSON.stringify(health)}`);
  for (const answer of begunDuring) {
    const mustFail = fails === 'all' || !isRead(answer);
    assert.is(answer.error !== undefined, mustFail, `${answer.method}: ${(answer.error as Error)?.stack}`);
  }
}
