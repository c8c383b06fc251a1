/** A value for each of some objects that belong to the app. */
export interface PrivateField<Value> {
  get(object: object): Value | undefined;
  set(object: object, value: Value): void;
}

/** Returns its parameter, so that a subclass adds its private field to that object. */
class Same {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the purpose of this class
    return object;
  }
}

/**
 * Like a WeakMap: the value lives as long as its object, and nothing else can see it. A WeakMap
 * takes 1 to 2 microseconds for each new object, and more at each garbage collection.
 */
export function privateField<Value>(): PrivateField<Value> {
  return class Holder extends Same {
    #value: Value;

    constructor(object: object, value: Value) {
      super(object);
      this.#value = value;
    }

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : undefined;
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value;
      else new Holder(object, value);
    }
  };
}
