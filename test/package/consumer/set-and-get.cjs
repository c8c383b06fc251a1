// Saves a session with the store class it is given, and prints what it reads back.
module.exports = async function setAndGet(PgSessionStore) {
  const store = new PgSessionStore({
    conString: process.env.DATABASE_URL,
    schemaName: process.env.SCHEMA_NAME,
    tableName: process.env.TABLE_NAME,
    createTableIfMissing: true,
  });
  await store.set('a', { cookie: { originalMaxAge: null }, user: 'ada' });
  const { user } = await store.get('a');
  await store.close();
  console.log(user);
};
