// Old stores for readThrough(): they pause, fail, or call back as other packages do.
import session, { type SessionData, Store } from 'express-session';

type Callback = (error?: any, result?: any) => void;

/** A MemoryStore with hooks: `before` runs before a call, `after` before its callback. */
export class HookedStore extends session.MemoryStore {
  before: (method: string) => unknown = () => {};
  after: (method: string) => unknown = () => {};
  readonly calls: string[] = [];

  override get(sid: string, callback: Callback): void {
    this.#run('get', (done) => super.get(sid, done), callback);
  }
  override destroy(sid: string, callback: Callback = () => {}): void {
    this.#run('destroy', (done) => super.destroy(sid, done), callback);
  }

  #run(method: string, call: (done: Callback) => void, callback: Callback): void {
    this.calls.push(method);
    const work = async () => {
      await this.before(method);
      const result = await new Promise((resolve, reject) => {
        call((error, found) => (error ? reject(error) : resolve(found)));
      });
      await this.after(method);
      return result;
    };
    work().then((result) => callback(null, result), callback);
  }
}

/** The documents of a collection, and the class of connect-mongo 6 in what readThrough() calls. */
export class MongoStore extends Store {
  readonly documents = new Map<string, { session: string; expires: Date; lastModified?: Date }>();

  override get(sid: string, callback: (error: any, found?: SessionData | null) => void): void {
    void (async () => {
      try {
        await null;
        const document = this.documents.get(`mongo-${sid}`);
        const isLive = document && document.expires > new Date();
        const found = isLive ? { ...JSON.parse(document.session), lastModified: document.lastModified } : null;
        this.emit('get', sid);
        callback(null, found);
      } catch (error) {
        callback(error);
      }
    })();
  }
  override set(sid: string, data: SessionData, callback: Callback = () => {}): void {
    const expires = new Date(data.cookie.expires ?? Date.now() + 14 * 86_400_000);
    this.documents.set(`mongo-${sid}`, { session: JSON.stringify(data), expires, lastModified: new Date() });
    callback(null);
  }
  /** Like the original, it leaves the stored cookie as it is. */
  override touch(sid: string, data: SessionData, callback: Callback = () => {}): void {
    Object.assign(this.documents.get(`mongo-${sid}`)!, { expires: new Date(data.cookie.expires!) });
    callback();
  }
  override destroy(sid: string, callback: Callback = () => {}): void {
    Promise.resolve()
      .then(() => {
        this.documents.delete(`mongo-${sid}`);
        this.emit('destroy', sid);
        callback(null);
      })
      .catch((error) => callback(error));
  }
}

export function setIn(store: Store, sid: string, data: SessionData): Promise<void> {
  return new Promise((resolve, reject) => {
    store.set(sid, data, (error) => (error ? reject(error) : resolve()));
  });
}

export function getFrom(store: Pick<Store, 'get'>, sid: string): Promise<SessionData | null | undefined> {
  return new Promise((resolve, reject) => {
    store.get(sid, (error, found) => (error ? reject(error) : resolve(found)));
  });
}
