// A trigger on a session table, for tests of what a trigger of the app may do.
import type pg from 'pg';

/** @param body statements of PL/pgSQL, for each row before the operation */
export async function addTrigger(pool: pg.Pool, table: string, operation: 'UPDATE' | 'DELETE', body: string) {
  const name = table.replace(/"$/, () => ` ${operation}"`);
  const row = operation === 'DELETE' ? 'OLD' : 'NEW';
  await pool.query(
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN ${row}; END $$`,
  );
  await pool.query(
    `CREATE TRIGGER ${operation} BEFORE ${operation} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
  );
}
