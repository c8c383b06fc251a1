// Saves a session with the given store class, reads it back, and prints its user.
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
