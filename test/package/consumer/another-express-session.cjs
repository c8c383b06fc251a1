// An app with another copy of express-session than the copy that connect-pg-typed finds.
const connectPgTyped = require('connect-pg-typed');
const otherSession = require('express-session');
const session = require('another-express-session');

async function main() {
  const store = new (connectPgTyped(session))({
    conString: process.env.DATABASE_URL,
    schemaName: process.env.SCHEMA_NAME,
    tableName: process.env.TABLE_NAME,
    createTableIfMissing: true,
  });
  await store.set('a', { cookie: { originalMaxAge: null }, user: 'ada' });
  const loaded = await new Promise((resolve, reject) =>
    store.load('a', (error, loadedSession) => (error ? reject(error) : resolve(loadedSession))),
  );
  await store.destroy('a');
  await store.set('a', Object.assign(loaded, { views: 1 }));
  const revived = (await store.get('a')) !== null;
  await store.close();
  console.log(
    JSON.stringify({
      user: loaded.user,
      isOfAppsCopy: loaded instanceof session.Session,
      isOfOtherCopy: loaded instanceof otherSession.Session,
      revived,
    }),
  );
}

void main();
