// What the server says of a statement that it is not asked to run: the types of its parameters and its columns.
import type { ClientBase, Connection, Submittable } from 'pg';

/** Types by the names that PostgreSQL gives them. */
export interface Description {
  parameters: string[];
  /** Each as its name and its type, in their order. */
  columns: [name: string, type: string][];
}

/** Gives types, by their object ids, the names that PostgreSQL gives them. */
export type NameTypes = (oids: number[]) => Promise<{ oid: number; name: string }[]>;

/**
 * Parses the statement on the server and describes it, by the extended query protocol.
 *
 * @throws the server's error, where the statement does not fit the table
 */
export async function describe(client: ClientBase, text: string, nameTypes: NameTypes): Promise<Description> {
  const { parameters, fields } = await client.query(new Question(text)).answer;
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

interface Answer {
  parameters: number[];
  fields: Field[];
}

/** What pg's client is given in place of a query, as pg-cursor gives it. */
class Question implements Submittable {
  readonly answer: Promise<Answer>;
  readonly #text: string;
  readonly #given: Answer = { parameters: [], fields: [] };
  #resolve!: (answer: Answer) => void;
  #reject!: (error: Error) => void;

  constructor(text: string) {
    this.#text = text;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    const onParameters = ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
      this.#given.parameters = dataTypeIDs;
    };
    connection.once('parameterDescription', onParameters);
    const settled = () => connection.off('parameterDescription', onParameters);
    this.answer.then(settled, settled);
    connection.parse({ text: this.#text, name: '', types: [] } as never, true);
    connection.describe({ type: 'S', name: '' } as never, true);
    connection.sync();
  }

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.#given.fields = fields;
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#given);
  }
}
