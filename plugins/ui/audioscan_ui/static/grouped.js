// @ts-check
/** Rows put together by what they have in common. */

/**
 * @template Row
 * @param {Iterable<Row>} rows
 * @param {(row: Row) => string} keyOf
 * @returns {Map<string, Row[]>} in the order in which the keys come
 */
export function grouped(rows, keyOf) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
