// The stand-in: the table that SQL files name, and that bindTable() replaces by the configured one.

const SCHEMA = '"session_store"';
/** How generated queries write the schema: in the same length, as pgtyped counts characters. */
const UNBOUND_SCHEMA = '"use bindTable"';
export const STAND_IN = `${SCHEMA}."session"`;
const ADVICE = `Write ${STAND_IN} with the quotes, and give it an alias: FROM ${STAND_IN} AS t`;

/** What bindTable() replaces: the schema, with or without the table. */
export const STAND_INS = /"(?:session_store|use bindTable)"(\."session")?/g;

/**
 * Generated code in which a query names a schema that does not exist. So without bindTable() it
 * fails with `relation "use bindTable.session" does not exist`, also where the stand-in exists.
 */
export const unbind = (code: string): string => code.replaceAll(escaped(SCHEMA), escaped(UNBOUND_SCHEMA));

/** In a string of generated code. */
const escaped = (name: string) => name.replaceAll('"', '\\"');

// Strings and comments, then mentions of the stand-in with what follows, then other quoted names.
const TOKENS =
  /E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\/|(?<mention>(?:"session_store"|\bsession_store\b)(?:\s*\.\s*(?:"(?:[^"]|"")*"|\w+))?)|"(?:[^"]|"")*"/gis;
const NO_ALIAS =
  /^\s*(?:$|[;,)]|(?:WHERE|ON|USING|SET|LEFT|RIGHT|INNER|FULL|CROSS|NATURAL|JOIN|GROUP|ORDER|LIMIT|OFFSET|FETCH|FOR|UNION|EXCEPT|INTERSECT|HAVING|WINDOW|RETURNING|TABLESAMPLE|VALUES|DEFAULT|SELECT|WHEN)\b)/i;

/** A place that names the stand-in in a way that bindTable() cannot replace. */
export interface StandInFault {
  /** What stands there, and how to write it. */
  message: string;
  /** Counted from 1. */
  line: number;
}

/** @param mustHaveAlias whether a stand-in without an alias is a fault too, except after INTO */
export function standInFaults(sql: string, { mustHaveAlias }: { mustHaveAlias: boolean }): StandInFault[] {
  const faults: StandInFault[] = [];
  for (const { index, groups } of sql.matchAll(TOKENS)) {
    const mention = groups?.mention;
    if (mention === undefined) continue;
    const isQuoted = /^"session_store"(?:$|\."(?:[^"]|"")*"$)/.test(mention);
    const lacksAlias =
      mention === STAND_IN &&
      NO_ALIAS.test(sql.slice(index + mention.length)) &&
      !/\bINTO\s+$/i.test(sql.slice(0, index));
    if (isQuoted && !(mustHaveAlias && lacksAlias)) continue;
    const fault = isQuoted ? `${mention} has no alias` : `${mention.replace(/\s+/g, ' ')} is not ${STAND_IN}`;
    faults.push({ message: `${fault}. ${ADVICE}`, line: sql.slice(0, index).split('\n').length });
  }
  return faults;
}
