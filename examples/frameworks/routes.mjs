// What each app here does with a session: sign in, change a key, sign out, read. `waitMs` makes a
// request slow.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @param url the path and the query of the request
 * @param session the framework's session
 * @param signOut destroys it
 */
export async function respond(url, session, signOut) {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const { waitMs = 0, ...given } = Object.fromEntries(searchParams);
  await sleep(Number(waitMs));
  if (pathname === '/sign-out') {
    await signOut();
    return {};
  }
  if (pathname === '/change') Object.assign(session, given);
  return { user: session.user, cart: session.cart, visits: session.visits };
}

/** Listens on a free port of this machine. */
export function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close });
    });
  });
}
