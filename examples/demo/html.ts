// html`...`: what is put into it is text, and stays text.

/** A piece of a page, which html`...` takes as it is. */
export class Html {
  constructor(readonly source: string) {}
  toString(): string {
    return this.source;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function html(parts: TemplateStringsArray, ...values: (Html | string | number | undefined)[]): Html {
  const safe = values.map((value) =>
    value instanceof Html ? value.source : String(value ?? '').replace(/[&<>"']/g, (found) => ENTITIES[found]!),
  );
  return new Html(String.raw({ raw: parts }, ...safe));
}
