// Learns from errors which characters the database's encoding lacks, and tries again without them.
import { hasSqlState } from '../errors.js';
import type { Charset } from '../session/charset.js';
import { UNTRANSLATABLE_CHARACTER } from '../sql-states.js';

const SINGLE_BYTE = /\b(LATIN\d|WIN\d|KOI8|ISO_8859)/;

/**
 * Runs `work` until the server accepts its characters. Each attempt must escape with this charset.
 *
 * @throws the error of an attempt that escaping a further character does not help
 */
export function escapingMissing<T>(charset: Charset, work: () => Promise<T>): Promise<T> {
  const { size } = charset;
  return work().catch((error) => {
    const message = String((error as Error)?.message);
    const character = hasSqlState(error, UNTRANSLATABLE_CHARACTER) ? characterIn(message) : undefined;
    if (character === undefined) throw error;
    charset.add(character, SINGLE_BYTE.test(message));
    if (charset.size === size) throw error; // otherwise this attempt or another save has learned it
    return escapingMissing(charset, work);
  });
}

/** In each language of the server, the message names the bytes of the character: 0xe2 0x82 0xac. */
function characterIn(message: string): string | undefined {
  const bytes = message.match(/\b0x[0-9a-f]{2}\b/g);
  return bytes ? Buffer.from(bytes.map(Number)).toString() : undefined;
}
