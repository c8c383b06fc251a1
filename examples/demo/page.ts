// The start page: signs in, counts visits, shows the session's row.
import type { SessionData } from 'express-session';
import { frame, time } from './frame.js';
import { html } from './html.js';

/** The database of the demo, as the page describes it. */
export interface DatabaseFacts {
  table: string;
  server: string;
  /** Who started the server, and what happens to its data. */
  origin: string;
}

interface StartPage {
  facts: DatabaseFacts;
  /** The number of live sessions. */
  live: number;
  id: string;
  /** The session as the database holds it. Null without a row. */
  stored: SessionData | null;
  /** What is wrong with the name that the user typed. */
  nameError: string | undefined;
}

export function startPage({ facts, live, id, stored, nameError }: StartPage): string {
  const visitor = stored?.visitor;
  return frame(
    { title: 'Visits', path: '/' },
    html`
    <main class="columns">
      <section class="card">
        ${visitor && nameError === undefined ? visitCount(visitor) : signInForm(nameError)}
      </section>
      <section class="card" aria-labelledby="database">
        <h2 id="database">In the database</h2>
        <dl>
          <div><dt>Live sessions</dt><dd class="number">${live}</dd></div>
          <div><dt>Table</dt><dd><code>${facts.table}</code></dd></div>
          <div><dt>Server</dt><dd>${facts.server}<small>${facts.origin}</small></dd></div>
          ${stored ? row(id, stored) : html`<div><dt>Your session</dt><dd>none<small>the app stores one when you sign in</small></dd></div>`}
        </dl>
        ${stored ? html`<h3>Your session, as stored</h3><pre>${JSON.stringify(stored, null, 2)}</pre>` : undefined}
      </section>
    </main>`,
  );
}

const signInForm = (nameError: string | undefined) => html`
  <h1>What is your name?</h1>
  <p>Type any name. There is no password.</p>
  <form method="post" action="/sign-in">
    <label for="name">Your name</label>
    <input id="name" name="name" required maxlength="40" autocomplete="nickname" ${
      nameError === undefined ? undefined : html`aria-invalid="true" aria-describedby="name-error"`
    }>
    ${nameError === undefined ? undefined : html`<p id="name-error" class="error" role="alert">${nameError}</p>`}
    <button class="button">Sign in</button>
  </form>`;

const visitCount = ({ name, visits, since }: NonNullable<SessionData['visitor']>) => html`
  <h1>Hello, ${name}</h1>
  <p class="count"><strong>${visits}</strong> ${visits === 1 ? 'visit' : 'visits'} since ${time(new Date(since))}</p>
  <div class="actions">
    <a class="button" href="/">Visit again</a>
    <form method="post" action="/sign-out"><button class="button quiet">Sign out</button></form>
  </div>`;

const row = (id: string, { cookie }: SessionData) => html`
  <div><dt>Session id</dt><dd><code>${id.slice(0, 8)}</code>&hellip;</dd></div>
  ${cookie.expires ? html`<div><dt>Expires</dt><dd>${time(cookie.expires)}${timeLeft(cookie.expires)}</dd></div>` : undefined}`;

const timeLeft = (expires: Date) => {
  const minutes = Math.round((expires.getTime() - Date.now()) / 60_000);
  return html`<small>in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}</small>`;
};
