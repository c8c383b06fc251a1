// Rows that are encrypted with keys of the app's function: loads the keys that a row needs.
import { type Codec, loadKeys } from '../session/codec.js';
import type { RowsById } from '../table/session-rows.js';

export function keyedRows(rows: RowsById, codec: Codec): RowsById {
  if (!codec.keys) return rows;
  return {
    ...rows,
    async get(sid, deadline) {
      const row = await rows.get(sid, deadline);
      if (row) await loadKeys(codec, deadline, [row]);
      return row;
    },
  };
}
