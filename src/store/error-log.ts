/** The stack and no more: an error of pg's pool carries the whole client with it. */
export function logToConsole(message: string, error: unknown): void {
  console.error(message, error instanceof Error ? error.stack : error);
}
