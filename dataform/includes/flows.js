// The flows, in one list: what the tables that hold rows of every flow need to know of each.

const batch = require("includes/batch");
const parsing = require("includes/parsing");

/** `silver` holds each kept row of the flow once, by `key`; a flow of `lines` is corrected line by line. */
const FLOWS = [
  { flow: "clickstream", lines: true, rows: parsing.clickstream, silver: "clickstream_events", key: "event_id" },
  { flow: "startups", lines: true, rows: parsing.startups, silver: "startup_events", key: "event_id" },
  { flow: "sales", lines: false, rows: parsing.sales, silver: "orders", key: "order_id" },
];

const names = FLOWS.map(({ flow }) => flow);

/** The SELECTs that `select` makes of the flows that `which` takes, one below the other. */
const union = (select, which = () => true) => FLOWS.filter(which).map(select).join("\nUNION ALL\n");

/** The FROM and WHERE of a flow's silver table; `self` is the table, or null where it is not there yet. */
function kept(ref, name, self) {
  const found = FLOWS.find(({ flow }) => flow === name);
  if (!found) {
    throw new Error(`No flow ${JSON.stringify(name)} in includes/flows.js; it has ${names.join(", ")}`);
  }
  return parsing.kept(found.rows(ref), found.key, self);
}

const setAside = (ref) =>
  union(({ flow, rows, key, silver }) => parsing.setAside(rows(ref), flow, key, ref("silver", silver)));

/** How many rows of each object of the batch are in a table. */
const counted = (table) =>
  `SELECT source_uri, COUNT(*) AS count_rows FROM ${table} WHERE batch = ${batch.number()} GROUP BY source_uri`;

const countedSilver = (ref) => union(({ silver }) => counted(ref("silver", silver)));

module.exports = { names, union, kept, setAside, counted, countedSilver };
