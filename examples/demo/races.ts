// The races: the same overlapping requests on this store and on MemoryStore, over HTTP.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import session, { type Store } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    race?: { user: string };
    theme?: string;
    cart?: string;
  }
}

export const ROUNDS = 20;
const COOKIE = 'race.sid';

export const RACES = {
  changes: 'two requests change different things',
  'sign-out': 'a user signs out during a slow request',
} as const;
export type RaceName = keyof typeof RACES;

/** What a store had after the race. */
export interface RaceResult {
  store: string;
  /** In how many of the rounds something was lost, or the user was signed in again. */
  failures: number;
  /** The session that was left by the last round. */
  left: object | null;
}

/** Runs the rounds of a race, one after the other, on a server that lives as long as the race. */
export async function runRace(name: RaceName, label: string, store: Store): Promise<RaceResult> {
  let slowRequest: { isLoaded: () => void; go: Promise<void> } | undefined;
  const app = express();
  app.use(session({ store, secret: 'a race', name: COOKIE, resave: false, saveUninitialized: false }));
  app.post('/sign-in', (req, res) => {
    req.session.race = { user: 'Ada' };
    res.end();
  });
  app.post('/slow', async (req, res) => {
    slowRequest?.isLoaded(); // express-session has loaded the session
    await slowRequest?.go;
    req.session.cart = 'a book';
    res.end();
  });
  app.post('/theme', (req, res) => {
    req.session.theme = 'dark';
    res.end();
  });
  app.post('/sign-out', (req, res) => req.session.destroy(() => res.end()));
  app.get('/', (req, res) => res.json(contentOf(req)));
  app.post('/end', (req, res) => req.session.destroy(() => res.end()));

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const result: RaceResult = { store: label, failures: 0, left: null };
    for (let round = 0; round < ROUNDS; round++) {
      const response = await fetch(`${url}/sign-in`, { method: 'POST' });
      await response.text();
      const headers = { cookie: response.headers.getSetCookie()[0]!.split(';')[0]! };
      const post = async (path: string) => (await fetch(url + path, { method: 'POST', headers })).text();

      let go = () => {};
      const loaded = new Promise<void>((isLoaded) => {
        slowRequest = { isLoaded, go: new Promise((resolve) => (go = resolve)) };
      });
      const slow = post('/slow');
      await loaded;
      await post(name === 'changes' ? '/theme' : '/sign-out');
      go();
      await slow;

      const left = (await (await fetch(url, { headers })).json()) as { theme?: string; cart?: string } | null;
      const isRight = name === 'changes' ? left?.theme && left.cart : left === null;
      if (!isRight) result.failures++;
      result.left = left;
      await post('/end');
    }
    return result;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The session without its cookie. Null if the visitor is not signed in. */
function contentOf({ session }: Request): object | null {
  const { cookie, ...content } = session;
  return content.race ? content : null;
}
