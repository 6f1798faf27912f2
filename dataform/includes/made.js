// What a run makes before all else, of the definitions' own SQL: gold's tables, empty, and every view. None is an action of its own.

const batch = require("includes/batch");
const { text } = require("includes/literals");

/** `dataset.name` to what the compiler knows of each table and view of the datasets. */
const definitions = (schemas) => Object.fromEntries(
  dataform.actions
    .filter(({ proto, contextableQuery }) => contextableQuery && ["table", "view"].includes(proto.type) && schemas.includes(proto.target.schema))
    .map((action) => [`${action.proto.target.schema}.${action.proto.target.name}`, action]),
);

const isView = ({ proto }) => proto.type === "view";

/** The SELECT of a definition, as its file says it, and the names that it reads. */
function read(action) {
  const reads = [];
  const ref = (schema, name) => {
    reads.push(`${schema}.${name}`);
    return batch.table(schema, name);
  };
  const { schema, name } = action.proto.target;
  const context = { ref, self: () => batch.table(schema, name), when: (is, yes, no) => (is ? yes : no || ""), incremental: () => false };
  return { query: action.contextableQuery(context), reads };
}

/** The definitions, each behind those that it reads. */
function inOrder(known) {
  const placed = new Map();
  const place = (name) => {
    if (known[name] && !placed.has(name)) {
      const { query, reads } = read(known[name]);
      reads.forEach(place);
      placed.set(name, { action: known[name], query });
    }
  };
  Object.keys(known).sort().forEach(place);
  return [...placed.values()];
}

function createTable({ action: { proto }, query }) {
  const { partitionBy, clusterBy } = proto.bigquery || {};
  return `CREATE TABLE IF NOT EXISTS ${batch.table(proto.target.schema, proto.target.name)}${
    partitionBy ? `\nPARTITION BY ${partitionBy}` : ""}${
    clusterBy && clusterBy.length ? `\nCLUSTER BY ${clusterBy.join(", ")}` : ""}
AS SELECT * FROM (${query.trim()}
) WHERE FALSE`;
}

const createView = ({ action: { proto }, query }) =>
  `CREATE OR REPLACE VIEW ${batch.table(proto.target.schema, proto.target.name)}
OPTIONS(description=${text(proto.actionDescriptor.description)})
AS ${query.trim()}`;

/** The statements, in order: gold's tables, since views read them, then the views. */
const script = () => inOrder(definitions(["silver", "gold", "ops"]))
  .map((one) => (isView(one.action) ? createView(one) : createTable(one)))
  .join(";\n\n");

module.exports = { script };
