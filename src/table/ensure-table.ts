// Creates the table at first use, and when it is gone, for the option createTableIfMissing.
import { findTable } from '../generated/catalog.js';
import type { Deadline } from '../postgres/deadline.js';
import { createTable } from './create-table.js';
import type { CreateTableOptions } from './create-table-options.js';
import { connectTable, type TableLocation } from './location.js';
import { catalogNames } from './names.js';
import { assertTrustedOwner } from './owner.js';

export class TableEnsurer {
  readonly #location: TableLocation;
  #running: Promise<void> | undefined;
  /** Whether the table exists, as far as is known. */
  isReady = false;
  /** How the app created the table. It is created again in the same way. */
  options: CreateTableOptions = {};

  constructor(location: TableLocation) {
    this.#location = location;
  }

  /**
   * Creates the table if it is missing. Calls at the same time share the work. After a failure, the
   * next call tries again.
   */
  run(deadline: Deadline): Promise<void> {
    this.#running ??= this.#ensure(deadline).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Creates the table that a statement did not find. */
  runAgain(deadline: Deadline): Promise<void> {
    this.isReady = false;
    return this.run(deadline);
  }

  async #ensure(deadline: Deadline): Promise<void> {
    if (this.isReady) return;
    const { names, trustedOwners } = this.#location;
    const db = connectTable(this.#location, deadline);
    const [table] = await findTable.run(catalogNames(names), db);
    if (table) await assertTrustedOwner(names, trustedOwners, db);
    else await createTable(this.#location, this.options, deadline);
    this.isReady = true;
  }
}
