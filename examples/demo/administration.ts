// The administrator's page: counts and sizes of sessions, and when they expire.
import type { SessionPage, SessionStats } from '../../src/admin/admin.js';
import { frame, joined } from './frame.js';
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
      </section>
    </main>`,
  );
}

const bytes = (count: number | null) =>
  count === null ? 'none' : count < 10_240 ? `${Math.round(count)} bytes` : `${Math.round(count / 1024)} KiB`;
