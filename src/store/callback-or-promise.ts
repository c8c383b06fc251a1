// How a call is answered: by its callback or by a promise, once, later, and outside any try or promise of ours.

export type Callback<T> = (error: any, result?: T) => void;

/** Is told once how something ended: of the error, or of null and the result. */
export type OnEnd<T> = (error: unknown, result?: T) => void;

/**
 * Hands the outcome to the callback or, where there is none, returns a promise of it.
 *
 * @param work begins, and tells how it ended
 * @param onUnheard told of a rejection of that promise that nobody else asked for
 */
export function answer<T>(
  callback: Callback<T> | undefined,
  work: (onEnd: OnEnd<T>) => void,
  onUnheard: (error: unknown) => void,
): Promise<T> | undefined {
  if (typeof callback === 'function') {
    work((error, result) => {
      if (error === null) process.nextTick(callback, null, result);
      else process.nextTick(callback, error);
    });
    return undefined;
  }
  const outcome = new Promise<T>((resolve, reject) => {
    work((error, result) => (error === null ? resolve(result as T) : reject(error)));
  });
  return new Answer<T>(outcome, onUnheard);
}

/** A promise that has a handler from the start, which is told of a rejection that nobody else asked for. */
class Answer<T> extends Promise<T> {
  static override readonly [Symbol.species] = Promise;
  #awaited = false;

  constructor(answer: Promise<T>, onUnheard: (error: unknown) => void) {
    super((resolve) => resolve(answer));
    super.then(undefined, (error) => {
      if (!this.#awaited) onUnheard(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one, and being asked through it is what counts
  override then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true;
    return super.then(onResult, onError);
  }
}
