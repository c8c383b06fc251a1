// The option mergeWithin: joins the changes that two requests made within the same key.
import { isDeepStrictEqual } from 'node:util';
import type { Rule } from '../errors.js';
import { fieldAt, isObject } from './payload.js';

export const MERGE_WITHIN_RULE: Rule = [
  "an array of top-level keys other than 'cookie', such as ['data']",
  (value) => Array.isArray(value) && value.every((key) => typeof key === 'string' && key !== 'cookie'),
];

/** The values in the object that the key holds. Undefined if it does not hold an object. */
function valuesIn(key: string, json: string): Map<string, unknown> | undefined {
  const field = fieldAt(json, key);
  const value = field && JSON.parse(`{${field}}`)[key];
  return isObject(value) ? new Map(Object.entries(value)) : undefined;
}

/** The names of the values that differ within the key. Undefined if `after` has no object there. */
function changedNames(key: string, before: string, after: string): string[] | undefined {
  const [olds = new Map<string, unknown>(), news] = [valuesIn(key, before), valuesIn(key, after)];
  if (!news) return undefined;
  const names = new Set([...olds.keys(), ...news.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(olds.get(name), news.get(name)));
}

/** The row's field with the request's changes within it. Undefined to replace it as a whole. */
export function mergeWithin(key: string, row: string, base: string, mine: string): string | undefined {
  const [values, news] = [valuesIn(key, row), valuesIn(key, mine)];
  if (!values || !news) return undefined;
  for (const name of changedNames(key, base, mine)!) values.set(name, news.get(name));
  return `${JSON.stringify(key)}:${JSON.stringify(Object.fromEntries(values))}`;
}

/** Whether others (`read` to `found`) and the request (`base` to `mine`) changed the same value. */
export function isOverwrittenWithin(key: string, read: string, found: string, base: string, mine: string): boolean {
  const [others, own] = [changedNames(key, read, found), changedNames(key, base, mine)];
  return !others || !own || others.some((name) => own.includes(name));
}
