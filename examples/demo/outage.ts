// "Cut the database": a visitor who comes every two seconds, and a switch that cuts the relay.
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { frame, joined } from './frame.js';
import { html } from './html.js';

const REFRESH_S = 2;
const SHOWN = 8;

interface Attempt {
  at: Date;
  isCut: boolean;
  status: number;
  ms: number;
  text: string;
}

/** Cuts and restores the connections through a relay. The server at the other end goes on. */
export class CutSwitch {
  readonly port: number;
  readonly #relay: Server;
  readonly #open = new Set<Socket>();

  constructor(relay: Server) {
    this.port = (relay.address() as AddressInfo).port;
    this.#relay = relay.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  get isCut(): boolean {
    return !this.#relay.listening;
  }

  cut(): void {
    this.#relay.close();
    for (const socket of this.#open) socket.destroy();
  }

  /** Accepts connections again, on the same port. */
  async restore(): Promise<void> {
    if (this.isCut) await once(this.#relay.listen(this.port, '127.0.0.1'), 'listening');
  }
}

/** Signs in once, and then visits the start page as a browser does. */
export class TestVisitor {
  readonly attempts: Attempt[] = [];
  #cookie: string | undefined;

  /** @param url the address of the demo */
  async visit(url: string, isCut: boolean): Promise<void> {
    const startedAt = performance.now();
    const response = await (this.#cookie
      ? fetch(url, { headers: { cookie: this.#cookie } })
      : fetch(`${url}/sign-in`, {
          method: 'POST',
          body: new URLSearchParams({ name: 'Test visitor' }),
          redirect: 'manual',
        }));
    const page = await response.text();
    this.#cookie ??= response.headers.getSetCookie()[0]?.split(';')[0];
    const [, visits] = /<strong>(\d+)<\/strong> visits?/.exec(page) ?? [];
    const texts = { 200: visits ? `visit ${visits}, still signed in` : 'signed out', 303: 'signed in' };
    this.attempts.unshift({
      at: new Date(),
      isCut,
      status: response.status,
      ms: Math.round(performance.now() - startedAt),
      text: texts[response.status as 200] ?? 'please try again',
    });
    this.attempts.length = Math.min(this.attempts.length, SHOWN);
  }
}

export const outagePage = ({ isCut }: CutSwitch, attempts: Attempt[]): string =>
  frame(
    { title: 'Cut the database', path: '/outage', refresh: REFRESH_S },
    html`
    <main class="columns">
      <section class="card">
        <h1>The database is <span id="state">${isCut ? 'cut off' : 'connected'}</span></h1>
        <p>The demo reaches its database through a relay in its own process. The switch closes the relay. The
        database server goes on, and other programs do not notice.</p>
        <form method="post" action="/outage/${isCut ? 'restore' : 'cut'}"><button class="button">${
          isCut ? 'Connect the database again' : 'Cut the connection'
        }</button></form>
      </section>
      <section class="card">
        <table class="attempts">
          <caption>A visitor who comes every ${REFRESH_S} seconds</caption>
          <tbody>${joined(attempts.map(row))}</tbody>
        </table>
        <p><small>While the database is cut off, a response is a 503 after a second. The visitor stays signed in.</small></p>
      </section>
    </main>`,
  );

const row = ({ at, isCut, status, ms, text }: Attempt) => html`
  <tr>
    <th scope="row">${at.toTimeString().slice(0, 8)}</th>
    <td><strong${status >= 500 ? html` class="lost"` : undefined}>${status}</strong> ${text}${isCut ? html` <small>cut off</small>` : undefined}</td>
    <td class="number">${ms} ms</td>
  </tr>`;
