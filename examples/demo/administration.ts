// The administrator's pages: sign-in, counts and sizes of sessions, and a user's sessions to
// revoke.
import type { SessionEntry, SessionPage, SessionStats } from '../../src/admin/admin.js';
import { frame, joined, time } from './frame.js';
import { html } from './html.js';

interface Administration {
  stats: SessionStats;
  /** The live sessions, first to expire first. */
  page: SessionPage;
  /** Seconds that a session lives after its last visit. */
  maxAge: number;
}

const BARS = 6;
const REFRESH_S = 5;

export const administratorSignInPage = (passwordError?: string): string =>
  frame(
    { title: 'Administration', path: '/administration' },
    html`
    <main class="columns">
      <section class="card">
        <h1>Administration</h1>
        <p>The console of the demo shows the password.</p>
        <form method="post" action="/administration/sign-in">
          <label for="password">Password</label>
          <input id="password" name="password" type="password" required autocomplete="current-password" ${
            passwordError === undefined ? undefined : html`aria-invalid="true" aria-describedby="password-error"`
          }>
          ${passwordError === undefined ? undefined : html`<p id="password-error" class="error" role="alert">${passwordError}</p>`}
          <button class="button">Sign in</button>
        </form>
      </section>
    </main>`,
  );

export function administrationPage({ stats, page, maxAge }: Administration): string {
  const secondsPerBar = maxAge / BARS;
  const counts = Array.from({ length: BARS }, () => 0);
  for (const { secondsLeft } of page.sessions) counts[Math.min(Math.floor(secondsLeft / secondsPerBar), BARS - 1)]!++;
  const max = Math.max(...counts, 1);
  const bar = (count: number, n: number) => html`
    <tr>
      <th scope="row">${(n * secondsPerBar) / 60} to ${((n + 1) * secondsPerBar) / 60}</th>
      <td><meter min="0" max="${max}" value="${count}">${count}</meter></td>
      <td class="number">${count}</td>
    </tr>`;
  return frame(
    { title: 'Administration', path: '/administration', refresh: REFRESH_S },
    html`
    <main class="columns">
      <section class="card">
        <h1>Sessions</h1>
        <dl>
          <div><dt>Live</dt><dd class="number" id="live">${stats.live}</dd></div>
          <div><dt>Expired, not pruned yet</dt><dd class="number">${stats.expired}</dd></div>
          <div><dt>Mean size</dt><dd>${bytes(stats.meanBytes)}</dd></div>
          <div><dt>Largest</dt><dd>${bytes(stats.largestBytes)}</dd></div>
          <div><dt>Table</dt><dd>${bytes(stats.tableBytes)}<small>and ${bytes(stats.indexBytes)} of indexes</small></dd></div>
          <div><dt>Dead rows</dt><dd>${stats.deadRows}</dd></div>
        </dl>
      </section>
      <section class="card">
        <table>
          <caption>Live sessions by minutes until they expire</caption>
          <tbody>${joined(counts.map(bar))}</tbody>
        </table>
        ${page.next === null ? undefined : html`<p><small>Counts only the ${page.sessions.length} sessions that expire first.</small></p>`}
        <p><small>This page reloads every ${REFRESH_S} seconds.</small></p>
        <div class="actions">
          <a class="button" href="/administration/users">Find a user</a>
          <form method="post" action="/sign-out"><button class="button quiet">Sign out</button></form>
        </div>
      </section>
    </main>`,
  );
}

/** The search for a user's sessions. It does not reload, so that typing is not interrupted. */
export const usersPage = (user: string, sessions: SessionEntry[]): string =>
  frame(
    { title: 'Find a user', path: '/administration' },
    html`
    <main>
      <section class="card">
        <h1>Find a user</h1>
        <form method="get" action="/administration/users">
          <label for="user">Name of the user</label>
          <div class="search">
            <input id="user" name="user" type="search" required value="${user}">
            <button class="button">Search</button>
          </div>
        </form>
        ${user === '' ? undefined : found(user, sessions)}
        <p><a href="/administration">Back to the administration</a></p>
      </section>
    </main>`,
  );

const found = (user: string, sessions: SessionEntry[]) =>
  sessions.length === 0
    ? html`<p role="status">${user} has no session.</p>`
    : html`
      <ul class="devices">${joined(sessions.map((entry) => foundSession(user, entry)))}</ul>
      <form method="post" action="/administration/revoke-user" class="below">
        <input type="hidden" name="user" value="${user}">
        <button class="button">Revoke all sessions of ${user}</button>
      </form>`;

const foundSession = (user: string, { handle, session, secondsLeft }: SessionEntry) => html`
  <li>
    <div>
      <strong>${session?.visitor?.browser}</strong>
      <small>${session?.visitor && html`last active ${time(new Date(session.visitor.seen))}, `}expires in ${Math.ceil(secondsLeft / 60)} minutes</small>
    </div>
    <form method="post" action="/administration/revoke">
      <input type="hidden" name="handle" value="${handle}">
      <input type="hidden" name="user" value="${user}">
      <button class="button quiet">Revoke</button>
    </form>
  </li>`;

const bytes = (count: number | null) =>
  count === null ? 'none' : count < 10_240 ? `${Math.round(count)} bytes` : `${Math.round(count / 1024)} KiB`;
