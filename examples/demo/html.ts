// html`...` escapes the values that it gets, so that they cannot add markup to a page.

/** A piece of a page, which html`...` does not escape again. */
export class Html {
  constructor(readonly source: string) {}
  toString(): string {
    return this.source;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function html(parts: TemplateStringsArray, ...values: (Html | string | number | undefined)[]): Html {
  const escaped = values.map((value) =>
    value instanceof Html ? value.source : String(value ?? '').replace(/[&<>"']/g, (char) => ENTITIES[char]!),
  );
  return new Html(String.raw({ raw: parts }, ...escaped));
}
