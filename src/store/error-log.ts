// Reports errors that reach no callback and no promise.

export type Log = (message: string, error: unknown) => void;

/**
 * Calls the app's function. If that throws, both errors go to the console, and the process goes on.
 */
export function safeErrorLog(errorLog: Log = logToConsole): Log {
  return (message, error) => {
    try {
      errorLog(message, error);
    } catch (failure) {
      logToConsole('errorLog failed:', failure);
      logToConsole(message, error);
    }
  };
}

/** Prints only the stack: an error of pg's pool also holds the whole client. */
function logToConsole(message: string, error: unknown): void {
  console.error(message, error instanceof Error ? error.stack : error);
}
