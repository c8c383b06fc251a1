// The project's configuration of pgtyped.
import * as fs from 'node:fs';
import type { ClientConfig } from 'pg';
import { describe } from '../../errors.js';
import { CompileError } from './compile.js';

export interface PgtypedConfig {
  srcDir: string;
  transforms: { mode: 'sql' | 'ts'; include: string; emitTemplate?: string }[];
  dbUrl?: string;
  db?: { host?: string; port?: number; user?: string; password?: string; dbName?: string; ssl?: ClientConfig['ssl'] };
}

/** @throws {CompileError} if the file is missing, or has not what this command needs */
export function readConfig(file: string): PgtypedConfig {
  let config: PgtypedConfig;
  try {
    config = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CompileError(`${file} is not valid JSON`); // its message may quote a password
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new CompileError(
        `there is no ${file}. Write it as docs/typed-queries.md shows, or name yours with --config`,
      );
    }
    throw new CompileError(`cannot read ${file}: ${message}`);
  }
  const { srcDir, transforms } = Object(config) as PgtypedConfig;
  if (typeof srcDir !== 'string') throw new CompileError(`srcDir in ${file} must be a folder, got ${describe(srcDir)}`);
  if (!Array.isArray(transforms) || transforms.length === 0) {
    throw new CompileError(`transforms in ${file} must be a list, such as [{ "mode": "sql", "include": "**/*.sql" }]`);
  }
  for (const { mode, include } of transforms) {
    if ((mode !== 'sql' && mode !== 'ts') || typeof include !== 'string') {
      throw new CompileError(`each of transforms in ${file} must have the mode "sql" or "ts", and include`);
    }
  }
  return config;
}

/** The database that the configuration names, if it does. */
export function databaseOf({ dbUrl, db }: PgtypedConfig): ClientConfig | undefined {
  if (dbUrl !== undefined) return { connectionString: dbUrl };
  if (db === undefined) return undefined;
  const { dbName, ...rest } = db;
  return { ...rest, ...(dbName !== undefined && { database: dbName }) };
}
