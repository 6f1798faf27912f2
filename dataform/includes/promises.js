// What is asserted of the rows that a table has just been given, at the end of its own script. A message names table, rule and no value.

const { text } = require("includes/literals");

const plain = (table) => table.replace(/`/g, "").split(".").slice(-2).join(".");

/**
 * ASSERT statements about the rows of `table` that `where` keeps. `unique`: columns that are a key together; `filled`: columns that
 * are never null; `rows`: conditions that hold of each row, or are null.
 */
function kept(table, { unique, filled = [], rows = [], where = "TRUE" }) {
  const never = (term, rule) =>
    `ASSERT NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where} AND ${term}) AS ${text(`${plain(table)} breaks a rule: ${rule}`)}`;
  const key = unique.join(", ");
  return [
    `ASSERT NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where} GROUP BY ${key} HAVING COUNT(*) > 1)
  AS ${text(`${plain(table)} breaks a rule: ${key} is unique`)}`,
    ...filled.map((column) => never(`${column} IS NULL`, `${column} is not null`)),
    ...rows.map((condition) => never(`NOT (${condition})`, condition)),
  ].join(";\n");
}

module.exports = { kept };
