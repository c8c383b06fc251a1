// "Compare stores": runs the same overlapping requests on two stores, and shows what each lost.
import { frame, joined } from './frame.js';
import { html } from './html.js';
import { RACES, type RaceName, type RaceResult, ROUNDS } from './races.js';

/** @param race the race that has just run */
export function racesPage(race?: { name: RaceName; results: RaceResult[] }): string {
  return frame(
    { title: 'Compare stores', path: '/races' },
    html`
    <main>
      <section class="card">
        <h1>What do overlapping requests lose?</h1>
        <p>Each button sends ${ROUNDS} pairs of requests to two servers in this process. Both servers use
        express-session. One has this store, the other has MemoryStore. The first request of a pair loads the
        session and is slow. The second request starts and ends meanwhile.</p>
        <div class="actions">
          <form method="post" action="/races/changes"><button class="button">Change two things at once</button></form>
          <form method="post" action="/races/sign-out"><button class="button">Sign out during a slow request</button></form>
        </div>
      </section>
      ${race && joined([html`<h2 id="result">Result: ${RACES[race.name]}</h2>`, html`<div class="columns">${joined(race.results.map((result) => card(race.name, result)))}</div>`])}
    </main>`,
  );
}

const card = (name: RaceName, { store, failures, left }: RaceResult) => html`
  <section class="card" aria-label="${store}">
    <h3>${store}</h3>
    <p class="count${failures > 0 ? ' lost' : ''}"><strong>${failures}</strong> of ${ROUNDS} ${
      name === 'changes' ? 'pairs lost a change' : 'users were signed in again'
    }</p>
    <h3>The session after the last pair</h3>
    <pre>${left === null ? 'none: the user is signed out' : JSON.stringify(left, null, 2)}</pre>
  </section>`;
