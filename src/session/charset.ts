// Characters that the database's encoding lacks, such as an emoji in LATIN1. They are learned from
// the server's errors, so that all other characters stay readable to other programs.
import { escapeUnit } from './payload.js';

const EMOJI = [0x1f000, 0x1ffff] as const; // no encoding but UTF8 has them
const BEYOND_SINGLE_BYTE = 0x3000; // from here on, no encoding of one byte a character has any

/** The characters that one database is known to lack. A database in UTF8 lacks none. */
export class Charset {
  readonly #missing = new Set<string>();
  #end = Infinity;

  /**
   * Adds a character that the server refused.
   *
   * @param isSingleByte whether the encoding has at most 256 characters
   */
  add(character: string, isSingleByte: boolean): void {
    if (this.#isMissing(character)) return;
    this.#missing.add(character);
    if (isSingleByte) this.#end = BEYOND_SINGLE_BYTE;
  }

  /** How many characters are known to be missing. */
  get size(): number {
    return this.#missing.size;
  }

  /** Escapes the missing characters in JSON, or in a text that is escaped like a part of JSON. */
  escape(text: string): string {
    if (this.#missing.size === 0) return text; // true for UTF8
    return text.replace(/[^\0-\x7f]/gu, (character) =>
      this.#isMissing(character) ? character.replace(/./gs, (unit) => escapeUnit(unit.charCodeAt(0))) : character,
    );
  }

  #isMissing(character: string): boolean {
    const code = character.codePointAt(0)!;
    if (this.#missing.has(character) || code >= this.#end) return true;
    return this.#missing.size > 0 && code >= EMOJI[0] && code <= EMOJI[1];
  }
}
