// Warnings of options that are right in form, but seem to mean something else.
import { daysOf, seemMilliseconds } from '../session/expiry.js';
import type { StoreOptions } from './options.js';

const warn = (code: string, message: string) => process.emitWarning(message, { type: 'ConnectPgTypedWarning', code });

const A_DAY = 86_400; // seconds

/** Not for `ttl`: that warning is in session/expiry.ts, because it also needs the cookie. */
export function warnOfMilliseconds({ pruneSessionInterval, touchAfter, lifetime }: StoreOptions): void {
  for (const [name, seconds] of Object.entries({ pruneSessionInterval, touchAfter, lifetime })) {
    if (typeof seconds !== 'number') continue;
    const isLong = name === 'lifetime' ? seemMilliseconds(seconds) : seconds > A_DAY;
    if (isLong) {
      warn('CONNECT_PG_TYPED_SECONDS', `${name} is ${daysOf(seconds)}. Was it meant as milliseconds?`);
    }
  }
}

/** connect-pg-simple and connect-pg-pool accept a schema in tableName: 'web"."session'. */
export function splitLegacyName(options: StoreOptions): StoreOptions {
  const { schemaName, tableName } = options;
  if (schemaName !== undefined || !tableName?.includes('.')) return options;
  const [schema, table, ...more] = tableName.split('"."');
  if (table === undefined || more.length > 0) {
    warn(
      'CONNECT_PG_TYPED_DOT',
      `tableName '${tableName}' names a table with a dot in its name. To name a schema, use schemaName`,
    );
    return options;
  }
  const meaning = `schemaName: '${schema}', tableName: '${table}'`;
  warn('CONNECT_PG_TYPED_LEGACY_NAME', `tableName '${tableName}' is read as ${meaning}. Please write it so`);
  return { ...options, schemaName: schema, tableName: table };
}
