// The head, the menu and the footer of every page.
import { Html, html } from './html.js';

interface Frame {
  title: string;
  /** The page's path, which the menu marks as current. */
  path?: string;
  /** Seconds after which the browser reloads the page. Default: never. */
  refresh?: number;
}

const MENU = {
  '/': 'Visits',
  '/devices': 'Your devices',
  '/races': 'Compare stores',
  '/outage': 'Cut the database',
  '/administration': 'Administration',
};

export const frame = ({ title, path, refresh }: Frame, main: Html): string =>
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
      <nav>${joined(
        Object.entries(MENU).map(
          ([href, name]) =>
            html`<a href="${href}" ${href === path ? html`aria-current="page"` : undefined}>${name}</a>`,
        ),
      )}</nav>
    </header>
    ${main}
    <footer>Express sessions in PostgreSQL, with SQL that is type-checked against a real schema.</footer>
  </body>
</html>
`.source;

export const errorPage = (message: string): string =>
  frame(
    { title: 'Error' },
    html`
    <main class="columns">
      <section class="card">
        <h1>Error</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to the demo</a></p>
      </section>
    </main>`,
  );

export const joined = (pieces: Html[]): Html => new Html(pieces.join(''));

// The browser runs on the same machine, so the machine's time zone is the user's.
const dateFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});
export const time = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${dateFormat.format(date)}</time>`;
