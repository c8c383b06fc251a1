// Runs a prepared statement that each connection describes only once. pg asks the server to
// describe the columns with each execution, which takes a sixth of a lone call's CPU.
import type { Client, Connection, PoolClient, Submittable } from 'pg';
import { type PgConnection, protocolOf } from './pg-internals.js';
import { RESULT_TYPES } from './result-types.js';

interface Column {
  name: string;
  dataTypeID: number;
  parse: (text: string) => unknown;
}

/** What a statement answered. */
export interface PreparedResult {
  rows: Record<string, unknown>[];
  rowCount: number | null;
  fields: Column[];
}

type Callback = (error: Error | undefined, result: PreparedResult) => void;

/** The columns of each prepared statement, by its name. */
const described = new WeakMap<PgConnection, Map<string, Column[]>>();

/** Whether a PreparedStatement can run on this kind of client, and send these kinds of values. */
export const canPrepare = (client: Client | PoolClient, values: unknown[]): boolean =>
  protocolOf(client) !== undefined && values.every(isSimple);

/** A Date, for example, is left to pg. */
const isSimple = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || Buffer.isBuffer(value) || Array.isArray(value);

/** Takes the place of a query in pg's client, as the queries of pg-cursor do. */
export class PreparedStatement implements Submittable, PreparedResult {
  readonly rows: Record<string, unknown>[] = [];
  rowCount: number | null = null;
  fields: Column[] = [];
  /** Where to keep the columns, if this execution describes them. */
  #known: Map<string, Column[]> | undefined;

  /**
   * @param name of the prepared statement. It must stand for the same text in each process
   * @param values texts, numbers, booleans, null, Buffers in the binary format, and arrays of these
   *   but Buffers
   * @param callback called once. pg may replace it, for its `query_timeout`
   */
  constructor(
    readonly name: string,
    readonly text: string,
    readonly values: unknown[],
    public callback: Callback,
  ) {}

  submit(given: Connection): null {
    const connection = given as unknown as PgConnection;
    const { name, text } = this;
    const values = this.values.map(inTextFormat);
    let known = described.get(connection);
    if (!known) {
      known = new Map();
      described.set(connection, known);
    }
    const fields = known.get(name);
    connection.stream.cork?.(); // so that all messages are sent together
    if (fields) {
      this.fields = fields;
    } else {
      this.#known = known;
      if (connection.parsedStatements[name] === undefined) connection.parse({ name, text, types: [] });
      connection.describe({ type: 'S', name });
    }
    connection.bind({ portal: '', statement: name, values });
    connection.execute({ portal: '', rows: 0 });
    connection.sync();
    connection.stream.uncork?.();
    return null;
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    this.fields = fields.map(({ name, dataTypeID }) => {
      return { name, dataTypeID, parse: RESULT_TYPES.getTypeParser(dataTypeID) };
    });
  }

  handleDataRow({ fields: texts }: { fields: (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (const [n, { name, parse }] of this.fields.entries()) {
      const text = texts[n]!;
      row[name] = text === null ? null : parse(text);
    }
    this.rows.push(row);
  }

  /** @param message with a text such as `DELETE 2` */
  handleCommandComplete({ text }: { text: string }): void {
    const count = Number(text.slice(text.lastIndexOf(' ') + 1));
    if (!Number.isNaN(count)) this.rowCount = count;
  }

  handleReadyForQuery(): void {
    this.#known?.set(this.name, this.fields);
    this.callback(undefined, this);
  }

  handleError(error: Error): void {
    this.callback(error, this);
  }
}

/** A value as the server reads it: a Buffer is in the binary format. */
function inTextFormat(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value;
  return Array.isArray(value) ? `{${value.map(inArray).join(',')}}` : String(value);
}

/** PostgreSQL's documentation, "Array Input and Output Syntax". */
function inArray(element: unknown): string {
  if (element === null) return 'NULL';
  return typeof element === 'string' ? `"${element.replace(/["\\]/g, '\\$&')}"` : String(element);
}
