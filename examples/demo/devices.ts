// "Your devices": the sessions of who is signed in.
import type { SessionEntry } from '../../src/admin/admin.js';
import { all, frame, time } from './frame.js';
import { html } from './html.js';

interface Devices {
  name: string;
  /** The sessions of that name. */
  sessions: SessionEntry[];
  /** The handle of the session that asks. */
  own: string;
}

export function devicesPage({ name, sessions, own }: Devices): string {
  const [mine, others] = [true, false].map((isOwn) => sessions.filter(({ handle }) => (handle === own) === isOwn));
  return frame(
    { title: 'Your devices', at: '/devices' },
    html`
    <main>
      <section class="card">
        <h1>Where ${name} is signed in</h1>
        <ul class="devices">${all([...mine!, ...others!].map((entry) => device(entry, entry.handle === own)))}</ul>
        ${
          others!.length > 0
            ? html`<form method="post" action="/devices/sign-out-others"><button class="button">Sign out the others</button></form>`
            : html`<p>Sign in by the same name in another browser, or in a private window, and it appears here.</p>`
        }
      </section>
    </main>`,
  );
}

const device = ({ handle, session }: SessionEntry, isOwn: boolean) => html`
  <li>
    <div>
      <strong>${session?.visitor?.browser}</strong>
      <small>${isOwn ? 'this one' : session?.visitor && html`last active ${time(new Date(session.visitor.seen))}`}</small>
    </div>
    ${isOwn ? undefined : html`<form method="post" action="/devices/sign-out"><input type="hidden" name="handle" value="${handle}"><button class="button quiet">Sign out</button></form>`}
  </li>`;
