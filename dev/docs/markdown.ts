// The Markdown of the generated pages.

export const NOTE = '<!-- `npm run reference` writes this page. Edit the docstrings in src/. -->';

export const code = (text: string): string => `\`${text}\``;

export const block = (text: string, language = 'ts'): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** Returns the id that GitHub gives a heading. */
export const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

export const linkTo = (heading: string, label = heading, file = ''): string => `[${label}](${file}#${anchor(heading)})`;

/** Joins parts by a blank line. Empty and undefined parts are left out. */
export const join = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join('\n\n');
