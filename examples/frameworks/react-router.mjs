// React Router 7 with createSessionStorage, in Express 5.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequestHandler } from '@react-router/express';
import express from 'express';
import { createSessionStorage } from 'react-router';
import { listen, respond } from './routes.mjs';

/** The session storage of the app, in the store. */
export function storageIn(store) {
  const save = async (id, data, expires) => {
    await store.set(id, { ...data, cookie: { expires } });
    return id;
  };
  return createSessionStorage({
    cookie: { name: '__session', secrets: ['a secret'], httpOnly: true, sameSite: 'lax', maxAge: 3600 }, // in seconds
    createData: (data, expires) => save(randomUUID(), data, expires),
    readData: async (id) => {
      const session = await store.get(id);
      if (!session) return null;
      const { cookie, ...data } = session;
      return data;
    },
    updateData: save,
    deleteData: (id) => store.destroy(id),
  });
}

export function open(store) {
  const { getSession, commitSession, destroySession } = storageIn(store);

  const loader = async ({ request }) => {
    const session = await getSession(request.headers.get('Cookie'));
    let isSignedOut = false;
    const signOut = () => {
      isSignedOut = true;
    };
    const values = { ...session.data };
    const answer = await respond(request.url, values, signOut);
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    const cookie = await (isSignedOut ? destroySession(session) : commitSession(session));
    return Response.json(answer, { headers: { 'Set-Cookie': cookie } });
  };
  // `react-router build` makes this from the files of an app.
  const build = {
    entry: { module: { default: () => new Response() } },
    routes: { all: { id: 'all', path: '*', module: { loader } } },
    assets: { entry: { module: '', imports: [] }, routes: {}, url: '', version: '1' },
    future: {},
    publicPath: '/',
    basename: '/',
    assetsBuildDirectory: '',
    isSpaMode: false,
    ssr: true,
    prerender: [],
    routeDiscovery: { mode: 'initial' },
  };
  const app = express();
  app.use((_req, _res, next) => store.requestScope(next)); // before React Router
  app.use(createRequestHandler({ build }));
  return listen(createServer(app));
}
