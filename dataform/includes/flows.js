// The flows, in one list: what the tables that hold rows of every flow need to know of each.

const batch = require("includes/batch");
const contracts = require("includes/contracts");
const described = require("includes/described");

/**
 * By flow: `silver`, the table of its current rows; `key`; `change`, `append` (the first copy of a key stays) or `upsert` (the
 * greatest `version` of a key stays); `day`, the day of its event, which its tables are partitioned and recomputed by.
 */
const FLOWS = {
  clickstream: {
    silver: "clickstream_events",
    key: "event_id",
    change: "append",
    day: "occurred_date",
    partition: "occurred_date",
    cluster: ["visitor_token", "session_id"],
  },
  startups: {
    silver: "startup_events",
    key: "event_id",
    change: "append",
    day: "occurred_date",
    partition: "DATE_TRUNC(occurred_date, MONTH)",
    cluster: ["startup_id"],
  },
  sales: {
    silver: "orders",
    key: "order_id",
    change: "upsert",
    version: "updated_at",
    day: "order_date",
    partition: "order_date",
    cluster: ["customer_id"],
  },
};

const names = Object.keys(FLOWS);

/** What is known of a flow, with its name and contract. */
function get(flow) {
  if (!FLOWS[flow]) {
    throw new Error(`No flow ${JSON.stringify(flow)} in includes/flows.js; it has ${names.join(", ")}`);
  }
  return { flow, ...FLOWS[flow], ...contracts[flow] };
}

/** The flows of the run. Throws for one that this project has not: its files cannot be published. */
const ofRun = () => batch.names("flows").map(get);

/** Where a row comes from. */
const DELIVERY = {
  _rescued: "STRING",
  corrects_line: "INT64",
  batch: "INT64",
  source_uri: "STRING",
  source_generation: "INT64",
  source_offset: "INT64",
  arrived_at: "TIMESTAMP",
  line_hash: "STRING",
};

/** Name to type, in order, of a flow's silver tables: its contract's columns, the day of the event, where the row comes from. */
function silverColumns(flow) {
  const { columns, day } = get(flow);
  return { ...columns, [day]: "DATE", ...DELIVERY };
}

/** What is said of those columns. Throws for one that is not described. */
function descriptions(flow) {
  const texts = { ...described[flow], ...described.delivery };
  return Object.fromEntries(Object.keys(silverColumns(flow)).map((name) => {
    if (!texts[name]) {
      throw new Error(`includes/described.js does not describe ${name} of ${flow}`);
    }
    return [name, texts[name]];
  }));
}

const versions = (flow) => batch.table("silver", `${get(flow).silver}_versions`);
const current = (flow) => batch.table("silver", get(flow).silver);
const rejected = (flow) => batch.table("silver", `${get(flow).silver}_rejected`);
const objects = (flow) => batch.table("ops", `${get(flow).silver}_objects`);
const fence = (flow) => batch.table("ops", `fence_${flow}`);
const touched = (flow) => batch.table("ops", `touched_${flow}`);

/** A WHERE term: a newer generation of the name that the row of `alias` came under has been published. */
const isRewritten = (flow, alias) => `EXISTS (
    SELECT 1 FROM ${objects(flow)} AS newer WHERE newer.uri = ${alias}.source_uri AND newer.generation > ${alias}.source_generation)`;

/** The time of a row by which it is older than a delivery that is all its flow has. */
const age = (flow) => (get(flow).change === "upsert" ? get(flow).version : "arrived_at");

/** A WHERE term: the row of `alias` is older than the newest delivery of all that the flow has, and its key is not in that one. */
function isDeleted(flow, alias) {
  const { key } = get(flow);
  const counts = "whole_at IS NOT NULL AND whole_finding IS NULL";
  const newest = `(SELECT MAX(whole_at) FROM ${objects(flow)} WHERE ${counts})`;
  const whole = `JOIN ${objects(flow)} AS whole ON whole.uri = there.source_uri AND whole.generation = there.source_generation
      WHERE ${counts} AND whole.whole_at = ${newest}`;
  return `(IFNULL(${alias}.${age(flow)} <= ${newest}, FALSE) AND ${alias}.${key} NOT IN (
      SELECT there.${key} FROM ${versions(flow)} AS there ${whole} AND there.${key} IS NOT NULL
      UNION ALL
      SELECT IFNULL(there.key, JSON_VALUE(there.raw, '$.${key}')) FROM ${rejected(flow)} AS there ${whole}
        AND IFNULL(there.key, JSON_VALUE(there.raw, '$.${key}')) IS NOT NULL))`;
}

/** A WHERE term: the row of `alias`, a version, may be the current one of its key. */
function isStanding(flow, alias) {
  const { rewrite, max_deleted: most } = get(flow);
  const terms = [rewrite === "replace" && isNewest(flow, alias), most !== undefined && `NOT ${isDeleted(flow, alias)}`];
  return terms.filter((term) => term).join("\n    AND ") || "TRUE";
}

/**
 * A WHERE term, where a name written again stands for what it held before: the row of `alias` is of its newest generation; a key that
 * this one has in quarantine keeps the row that it had.
 */
function isNewest(flow, alias) {
  const { key } = get(flow);
  return `(NOT ${isRewritten(flow, alias)} OR EXISTS (
    SELECT 1 FROM ${rejected(flow)} AS refused
    JOIN (SELECT uri, MAX(generation) AS generation FROM ${objects(flow)} GROUP BY uri) AS newest
      ON newest.uri = refused.source_uri AND newest.generation = refused.source_generation
    WHERE refused.source_uri = ${alias}.source_uri AND refused.source_generation > ${alias}.source_generation
      AND IFNULL(refused.key, JSON_VALUE(refused.raw, '$.${key}')) = ${alias}.${key}))`;
}

/** Before the hash of a key, where the key itself stood in a checked object before it was erased. */
const ERASED = "forgotten:";

/** An expression: `key`, a text, is among the keys of the flow that the run's list has as forgotten. Only if it has any. */
const isForgotten = (flow, key) => `IF(STARTS_WITH(${key}, '${ERASED}'), SUBSTR(${key}, ${ERASED.length + 1}), TO_HEX(SHA256(${key}))) IN (
    SELECT key_hash FROM ${batch.staging(`ext_files_${flow}`)} WHERE flow = '${flow}' AND key_hash IS NOT NULL)`;

/** The SELECTs that `select` makes of each flow, one below the other. */
const union = (select) => names.map((flow) => select(get(flow))).join("\nUNION ALL\n");

module.exports = {
  names, get, ofRun, silverColumns, descriptions, versions, current, rejected, objects, fence, touched, isRewritten, isStanding, isForgotten, age, union, DELIVERY,
};
