// What an administrator sees: counts, sizes, and when the sessions will expire.
import type { SessionPage, SessionStats } from '../../src/admin/admin.js';
import { all, frame } from './frame.js';
import { html } from './html.js';

interface Administration {
  stats: SessionStats;
  /** The live sessions, those that expire first coming first. */
  page: SessionPage;
  /** Seconds that a session lives after its last visit. */
  life: number;
}

const BARS = 6;
const REFRESH_S = 5;

export function administrationPage({ stats, page, life }: Administration): string {
  const span = life / BARS;
  const counts = Array.from({ length: BARS }, () => 0);
  for (const { secondsLeft } of page.sessions) counts[Math.min(Math.floor(secondsLeft / span), BARS - 1)]!++;
  const most = Math.max(...counts, 1);
  const bar = (count: number, n: number) => html`
    <tr>
      <th scope="row">${(n * span) / 60} to ${((n + 1) * span) / 60}</th>
      <td><meter min="0" max="${most}" value="${count}">${count}</meter></td>
      <td class="number">${count}</td>
    </tr>`;
  return frame(
    { title: 'Administration', at: '/administration', refresh: REFRESH_S },
    html`
    <main class="columns">
      <section class="card">
        <h1>Sessions</h1>
        <dl>
          <div><dt>Live</dt><dd class="number" id="live">${stats.live}</dd></div>
          <div><dt>To be pruned</dt><dd class="number">${stats.expired}</dd></div>
          <div><dt>Mean size</dt><dd>${bytes(stats.meanBytes)}</dd></div>
          <div><dt>Largest</dt><dd>${bytes(stats.largestBytes)}</dd></div>
          <div><dt>Table</dt><dd>${bytes(stats.tableBytes)}<small>and ${bytes(stats.indexBytes)} of indexes</small></dd></div>
          <div><dt>Dead rows</dt><dd>${stats.deadRows}</dd></div>
        </dl>
      </section>
      <section class="card">
        <table>
          <caption>Live sessions by the minutes until they expire</caption>
          <tbody>${all(counts.map(bar))}</tbody>
        </table>
        ${page.next === null ? undefined : html`<p><small>Of the ${page.sessions.length} that expire first.</small></p>`}
        <p><small>Asked anew every ${REFRESH_S} seconds.</small></p>
      </section>
    </main>`,
  );
}

const bytes = (count: number | null) =>
  count === null ? 'none' : count < 10_240 ? `${Math.round(count)} bytes` : `${Math.round(count / 1024)} KiB`;
