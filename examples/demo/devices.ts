// "Your devices": the sessions of the user who is signed in.
import type { SessionEntry } from '../../src/admin/admin.js';
import { frame, joined, time } from './frame.js';
import { html } from './html.js';

interface Devices {
  name: string;
  /** The sessions with that name. */
  sessions: SessionEntry[];
  /** The handle of the request's own session. */
  own: string;
}

export function devicesPage({ name, sessions, own }: Devices): string {
  const mine = sessions.filter(({ handle }) => handle === own);
  const others = sessions.filter(({ handle }) => handle !== own);
  return frame(
    { title: 'Your devices', path: '/devices' },
    html`
    <main>
      <section class="card">
        <h1>Where ${name} is signed in</h1>
        <ul class="devices">${joined([...mine, ...others].map((entry) => device(entry, entry.handle === own)))}</ul>
        ${
          others.length > 0
            ? html`<form method="post" action="/devices/sign-out-others"><button class="button">Sign out the others</button></form>`
            : html`<p>Sign in with the same name in another browser or in a private window: its session appears here.</p>`
        }
      </section>
    </main>`,
  );
}

const device = ({ handle, session }: SessionEntry, isOwn: boolean) => html`
  <li>
    <div>
      <strong>${session?.visitor?.browser}</strong>
      <small>${isOwn ? 'this browser' : session?.visitor && html`last active ${time(new Date(session.visitor.seen))}`}</small>
    </div>
    ${isOwn ? undefined : html`<form method="post" action="/devices/sign-out"><input type="hidden" name="handle" value="${handle}"><button class="button quiet">Sign out</button></form>`}
  </li>`;
