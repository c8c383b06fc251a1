// A small OpenID Connect provider for tests. It signs everyone in as ada, without a question.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { listen } from './routes.mjs';

const ALG = 'RS256';

export async function openProvider() {
  const { publicKey, privateKey } = await generateKeyPair(ALG);
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'test', alg: ALG, use: 'sig' }];
  /** The client and the nonce of each sign-in that has not ended. */
  const pending = new Map();

  const authorize = ({ redirect_uri, state, nonce, client_id }, res) => {
    const code = randomUUID();
    pending.set(code, { nonce, client_id });
    res.writeHead(302, { Location: `${redirect_uri}?${new URLSearchParams({ code, state })}` }).end();
  };
  const tokens = async (issuer, code) => {
    const { nonce, client_id } = pending.get(code);
    pending.delete(code);
    const id_token = await new SignJWT({ nonce })
      .setProtectedHeader({ alg: ALG, kid: 'test' })
      .setIssuer(issuer)
      .setAudience(client_id)
      .setSubject('ada')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    return { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600, id_token };
  };
  const bodyOf = async (req) => Object.fromEntries(new URLSearchParams((await req.toArray()).join('')));

  const server = createServer(async (req, res) => {
    const issuer = `http://${req.headers.host}`;
    const { pathname, searchParams } = new URL(req.url, issuer);
    if (pathname === '/authorize') return authorize(Object.fromEntries(searchParams), res);
    const answers = {
      '/.well-known/openid-configuration': () => ({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [ALG],
      }),
      '/jwks': () => ({ keys }),
      '/token': async () => tokens(issuer, (await bodyOf(req)).code),
    };
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(await answers[pathname]()));
  });
  return listen(server);
}
