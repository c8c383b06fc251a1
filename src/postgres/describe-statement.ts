// Asks the server to describe a statement without running it: the types of its parameters and
// columns.
import type { ClientBase, Connection, Submittable } from 'pg';
import { socketOf, submitAlone } from './pg-internals.js';

/** Types under the names that PostgreSQL gives them. */
export interface Description {
  parameters: string[];
  /** The name and type of each column, in order. */
  columns: [name: string, type: string][];
}

/** Looks up the names of types by their object identifiers. */
export type NameTypes = (oids: number[]) => Promise<{ oid: number; name: string }[]>;

/**
 * Describes a statement by the extended query protocol.
 *
 * @throws {TypeError} if the client is one of pg-native
 * @throws the server's error if the statement does not fit the table
 */
export async function describeStatement(client: ClientBase, text: string, nameTypes: NameTypes): Promise<Description> {
  if (!socketOf(client)) throw new TypeError("pg-native cannot describe statements: pass a pool of pg's own clients");
  const { parameters, fields } = await describeByOids(client, text);
  const named = await nameTypes([...new Set([...parameters, ...fields.map(({ dataTypeID }) => dataTypeID)])]);
  const names = new Map(named.map(({ oid, name }) => [oid, name]));
  return {
    parameters: parameters.map((oid) => names.get(oid)!),
    columns: fields.map(({ name, dataTypeID }) => [name, names.get(dataTypeID)!]),
  };
}

interface Field {
  name: string;
  dataTypeID: number;
}

interface Described {
  parameters: number[];
  fields: Field[];
}

/** Takes the place of a query in pg's client, as the queries of pg-cursor do. */
function describeByOids(client: ClientBase, text: string): Promise<Described> {
  return new Promise((resolve, reject) => {
    const described: Described = { parameters: [], fields: [] };
    const onParameters = ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
      described.parameters = dataTypeIDs;
    };
    let stopListening = () => {};
    submitAlone(client, {
      submit(connection: Connection) {
        connection.once('parameterDescription', onParameters);
        stopListening = () => connection.off('parameterDescription', onParameters);
        connection.parse({ text, name: '', types: [] } as never, true);
        connection.describe({ type: 'S', name: '' } as never, true);
        connection.sync();
      },
      handleRowDescription({ fields }: { fields: Field[] }) {
        described.fields = fields;
      },
      handleError(error: Error) {
        stopListening();
        reject(error);
      },
      handleReadyForQuery: () => resolve(described),
    } as Submittable);
  });
}
