// What all pages have in common.
import { Html, html } from './html.js';

interface Frame {
  title: string;
  /** The path of the page, so that the menu can say where one is. */
  at?: string;
  /** Seconds after which the browser asks for the page anew. Default: never. */
  refresh?: number;
}

const MENU = { '/': 'Visits', '/devices': 'Your devices', '/administration': 'Administration' };

export const frame = ({ title, at, refresh }: Frame, main: Html): string =>
  html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    ${refresh && html`<meta http-equiv="refresh" content="${refresh}">`}
    <title>${title} · connect-pg-typed: demo</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <header>
      <img src="/icon.svg" alt="" width="32" height="32">
      <p><strong>connect-pg-typed</strong> <span>demo</span></p>
      <nav>${all(
        Object.entries(MENU).map(
          ([path, name]) => html`<a href="${path}" ${path === at ? html`aria-current="page"` : undefined}>${name}</a>`,
        ),
      )}</nav>
    </header>
    ${main}
    <footer>Express sessions in PostgreSQL, on SQL that is type-checked against a live schema.</footer>
  </body>
</html>
`.source;

export const failurePage = (message: string): string =>
  frame(
    { title: 'Sorry' },
    html`
    <main class="columns">
      <section class="card">
        <h1>Sorry</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to the demo</a></p>
      </section>
    </main>`,
  );

/** One piece after another. */
export const all = (pieces: Html[]): Html => new Html(pieces.join(''));

// The browser is on this machine, so the machine's time zone is the reader's.
const clock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});
export const time = (at: Date): Html => html`<time datetime="${at.toISOString()}">${clock.format(at)}</time>`;
