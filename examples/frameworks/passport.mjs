// Express 4 or 5 with express-session, Passport, connect-flash and csrf-sync.
import { createServer } from 'node:http';
import flash from 'connect-flash';
import { csrfSync } from 'csrf-sync';
import session from 'express-session';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { listen, respond } from './routes.mjs';

export async function open(store, { express: name = 'express' } = {}) {
  const { default: express } = await import(name);
  const passport = new Passport();
  passport.use(
    new Strategy((user, password, done) => done(null, password === 'a password' && user)), // false refuses
  );
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  const { generateToken, csrfSynchronisedProtection } = csrfSync();

  const app = express();
  app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
  app.use(flash());
  app.use(passport.session());
  app.use(express.urlencoded({ extended: false }));
  app.use(csrfSynchronisedProtection);
  app.post('/sign-in', passport.authenticate('local'), (req, res) => {
    req.flash('success', 'welcome'); // now, because signing in made a new session
    res.json({ csrfToken: generateToken(req) });
  });
  app.get('/token', (req, res) => res.json({ csrfToken: generateToken(req) }));
  app.get('/messages', (req, res) => res.json(req.flash('success')));
  const visit = async (req, res) => {
    const signOut = () => new Promise((done, failed) => req.logout((error) => (error ? failed(error) : done())));
    const answer = await respond(req.url, req.session, signOut);
    res.json({ ...answer, user: req.user });
  };
  app.get('/', visit);
  app.post(['/change', '/sign-out'], visit);
  return listen(createServer(app));
}
