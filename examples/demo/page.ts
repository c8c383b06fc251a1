// The first page: sign in, count visits, look at the row.
import type { SessionData } from 'express-session';
import { frame, time } from './frame.js';
import { html } from './html.js';

/** What does not change while the demo runs. */
export interface Facts {
  table: string;
  server: string;
  /** Where that server comes from. */
  origin: string;
}

interface Shown {
  facts: Facts;
  /** How many sessions live. */
  live: number;
  id: string;
  /** The session as the database holds it. */
  stored: SessionData | null;
  /** What was wrong with the name. */
  complaint: string | undefined;
}

export function page({ facts, live, id, stored, complaint }: Shown): string {
  const visitor = stored?.visitor;
  return frame(
    { title: 'Visits', at: '/' },
    html`
    <main class="columns">
      <section class="card">
        ${visitor && complaint === undefined ? visits(visitor) : signIn(complaint)}
      </section>
      <section class="card" aria-labelledby="database">
        <h2 id="database">In the database</h2>
        <dl>
          <div><dt>Live sessions</dt><dd class="number">${live}</dd></div>
          <div><dt>Table</dt><dd><code>${facts.table}</code></dd></div>
          <div><dt>Server</dt><dd>${facts.server}<small>${facts.origin}</small></dd></div>
          ${stored ? row(id, stored) : html`<div><dt>Yours</dt><dd>none<small>looking leaves no row</small></dd></div>`}
        </dl>
        ${stored ? html`<h3>Your session, read back</h3><pre>${JSON.stringify(stored, null, 2)}</pre>` : undefined}
      </section>
    </main>`,
  );
}

const signIn = (complaint: string | undefined) => html`
  <h1>Who is there?</h1>
  <p>Any name will do. There is no password.</p>
  <form method="post" action="/sign-in">
    <label for="name">Your name</label>
    <input id="name" name="name" required maxlength="40" autocomplete="nickname" ${
      complaint === undefined ? undefined : html`aria-invalid="true" aria-describedby="complaint"`
    }>
    ${complaint === undefined ? undefined : html`<p id="complaint" class="complaint" role="alert">${complaint}</p>`}
    <button class="button">Sign in</button>
  </form>`;

const visits = ({ name, visits, since }: NonNullable<SessionData['visitor']>) => html`
  <h1>Hello, ${name}</h1>
  <p class="count"><strong>${visits}</strong> ${visits === 1 ? 'visit' : 'visits'} since ${time(new Date(since))}</p>
  <div class="actions">
    <a class="button" href="/">Visit again</a>
    <form method="post" action="/sign-out"><button class="button quiet">Sign out</button></form>
  </div>`;

const row = (id: string, { cookie }: SessionData) => html`
  <div><dt>Your id</dt><dd><code>${id.slice(0, 8)}</code>&hellip;</dd></div>
  ${cookie.expires ? html`<div><dt>It expires</dt><dd>${time(cookie.expires)}${left(cookie.expires)}</dd></div>` : undefined}`;

const left = (expires: Date) => {
  const minutes = Math.round((expires.getTime() - Date.now()) / 60_000);
  return html`<small>in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}</small>`;
};
