// Calls a store in every way, and checks the time and the error of each call.
import type { Session } from 'express-session';
import * as assert from 'uvu/assert';
import { type PgSessionStore, SessionStoreError } from '../../src/index.js';
import { cookieFor, loadSession, session } from './fresh-store.js';
import type { Outage, Scene } from './outages.js';

const SECRETS = { sid: 'SECRET-ID', payload: 'SECRET-PAYLOAD' };
const CODES = ['DATABASE', 'CONFLICT', 'TIMEOUT', 'OVERLOADED', 'CLOSED'];

export interface Outcome {
  method: string;
  /** Milliseconds from the call to its result. */
  ms: number;
  /** Typed as the store's error. An assertion inside the call may fail too. */
  error?: SessionStoreError;
}

export async function outcomeOf(method: string, call: () => Promise<unknown>): Promise<Outcome> {
  const startedAt = performance.now();
  const error = await call().then(
    () => undefined,
    (thrown: SessionStoreError) => thrown,
  );
  return { method, ms: performance.now() - startedAt, ...(error && { error }) };
}

/** Creates sessions, and returns a function that makes one call of each kind at the same time. */
export async function callers(store: PgSessionStore): Promise<() => Promise<Outcome[]>> {
  const create = async (name: string) => {
    const sid = `${SECRETS.sid} ${name}`;
    await store.set(sid, session({ payload: SECRETS.payload, n: 0 }));
    return sid;
  };
  const [toRead, toSave, toTouch, toUpdate] = await Promise.all(['read', 'save', 'touch', 'update'].map(create));
  const loaded: Session & Record<string, any> = await loadSession(store, toSave!);
  let n = 0;
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => store.get(toRead!),
    length: () => store.length(),
    all: () => store.all(),
    'set of a new session': () => store.set(`${SECRETS.sid} ${++n}`, session({ payload: SECRETS.payload })),
    'set of a loaded session': () => {
      loaded.n = ++n;
      return store.set(toSave!, loaded);
    },
    touch: () => store.touch(toTouch!, session({}, cookieFor(1000 + 1000 * ++n))),
    update: () =>
      store.update(toUpdate!, (found) => {
        found.n++;
      }),
    destroy: () => store.destroy(`${SECRETS.sid} missing`),
  };
  return () => Promise.all(Object.entries(calls).map(([method, call]) => outcomeOf(method, call)));
}

const isRead = ({ method }: Outcome): boolean => /^(get|length|all)$/.test(method);

/**
 * Checks that each call ended within the timeout (seconds) plus 10 % or 250 ms. An error must be a
 * SessionStoreError without a session id or a payload.
 */
export function assertInTime(outcomes: Outcome[], timeout: number): void {
  const limitMs = timeout * 1000 + Math.max(timeout * 100, 250);
  for (const { method, ms, error } of outcomes) {
    assert.ok(ms <= limitMs, `${method}: ended after ${ms.toFixed(0)} ms with ${error}`);
    if (!error) continue;
    assert.instance(error, SessionStoreError, `${method}: ${error}`);
    const { code, status, headers, message, stack } = error;
    assert.ok(CODES.includes(code), `${method}: ${code}`);
    assert.is(status, 503);
    assert.match(headers['Retry-After'], /^[1-9]\d*$/);
    for (const secret of Object.values(SECRETS)) assert.not.ok(`${message}${stack}`.includes(secret), message);
  }
}

/** Checks that no call fails, half of the calls take at most 200 ms, and each takes at most 1 s. */
export async function assertHealthy(callAll: () => Promise<Outcome[]>): Promise<void> {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < 5; round++) outcomes.push(...(await callAll()));
  for (const { method, ms, error } of outcomes) {
    assert.not.ok(error, `${method}, after the outage: ${error?.stack}`);
    assert.ok(ms <= 1000, `${method}, after the outage: ended after ${ms.toFixed(0)} ms`);
  }
  const median = outcomes.map(({ ms }) => ms).sort((a, b) => a - b)[outcomes.length >> 1]!;
  assert.ok(median <= 200, `half of the calls after the outage took ${median.toFixed(0)} ms or more`);
}

/** Checks the calls in flight when the outage begins, the calls during it, and later calls. */
export async function assertSurvives({ fails, begin, end }: Outage, scene: Scene, timeout: number): Promise<void> {
  const callAll = await callers(scene.store);
  const inFlight = callAll();
  await begin(scene);
  const startedBefore = await inFlight;
  const startedDuring = await callAll();
  const health = await scene.store.health();
  await end(scene);

  await assertHealthy(callAll);
  assert.is((await scene.store.health()).ok, true);
  assertInTime([...startedBefore, ...startedDuring, { method: 'health', ms: health.latencyMs }], timeout);
  assert.is(health.ok, fails !== 'all', `health: ${JSON.stringify(health)}`);
  for (const outcome of startedDuring) {
    const mustFail = fails === 'all' || !isRead(outcome);
    assert.is(outcome.error !== undefined, mustFail, `${outcome.method}: ${outcome.error?.stack}`);
  }
}
