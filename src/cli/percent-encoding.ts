// Percent-encoding, as in URLs and cookies.

/** The text decoded, or as it is if it is not encoded text. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
