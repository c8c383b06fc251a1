// Express 5 with express-openid-connect. The session's data is one key of the stored session:
// `data`.
import { createServer } from 'node:http';
import express from 'express';
import openid from 'express-openid-connect';
import { openProvider } from './openid-provider.mjs';
import { listen, respond } from './routes.mjs';

export async function open(store) {
  const provider = await openProvider();
  const app = express();
  const { url, close } = await listen(createServer(app));
  app.use((_req, _res, next) => store.requestScope(next)); // before auth()
  app.use(
    openid.auth({
      issuerBaseURL: provider.url,
      baseURL: url,
      clientID: 'an app',
      clientSecret: 'a secret of the app',
      secret: 'a secret with at least 32 characters',
      authorizationParams: { response_type: 'code' },
      authRequired: false,
      session: { store },
    }),
  );
  app.use(async (req, res) => {
    const answer = await respond(req.url, req.appSession, () => {
      req.appSession = undefined; // as its /logout does
    });
    res.json({ ...answer, user: req.oidc.user?.sub });
  });
  const closeBoth = () => {
    close();
    provider.close();
  };
  return { url, close: closeBoth };
}
