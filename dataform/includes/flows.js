// The flows, as their files declare them, with what the tables that hold rows of every flow need to know of each.

const batch = require("includes/batch");
const declared = require("includes/declared");
const described = require("includes/described");
const literals = require("includes/literals");

const names = Object.keys(declared);

/** A name as SQL takes it, whatever word it is. */
const quoted = (name) => `\`${name}\``;
const list = (columns) => Object.keys(columns).map(quoted).join(", ");

/** Columns that the platform makes where a flow's fields do not give them. */
const ROW_KEY = "row_key";
const ARRIVED_DAY = "arrived_date";
const GRAINS = { day: (day) => day, month: (day) => `DATE_TRUNC(${day}, MONTH)`, year: (day) => `DATE_TRUNC(${day}, YEAR)` };

/**
 * What is known of a flow: `silver`, the table of its current rows; `key`; `change`, `append` (the first copy of a key stays) or
 * `upsert` (the greatest `version` of a key stays); `day`, of its event, or of its arrival, which its tables are partitioned and
 * recomputed by. `key`, `version` and `day` are quoted.
 */
function get(flow) {
  if (!declared[flow]) {
    throw new Error(`No flow ${JSON.stringify(flow)} in flows/; it has ${names.join(", ")}`);
  }
  const { key, version, time, cluster, ...said } = declared[flow];
  const day = quoted(time ? time.column : ARRIVED_DAY);
  return {
    flow,
    ...said,
    key: quoted(key),
    version: version && quoted(version),
    day,
    partition: GRAINS[time ? time.grain : "day"](day),
    cluster: cluster.map(quoted),
  };
}

/** An expression: the text of a field of the JSON text `from`. */
const fieldOf = (field, from) => `JSON_VALUE(${from}, ${literals.text(`$."${field.replace(/["\\]/g, "\\$&")}"`)})`;
const source = (flow, field) => get(flow).sources[field] || field;

/** An expression: the key of a row from its columns, a text. Without a key, its content is: the first, the second of a content ... */
function keyOf(flow) {
  const { key_fields: fields } = get(flow);
  if (fields.length === 0) {
    return "CONCAT(line_hash, '-', CAST(ROW_NUMBER() OVER (PARTITION BY source_uri, source_generation, line_hash ORDER BY source_offset) AS STRING))";
  }
  const texts = fields.map((name) => `CAST(${quoted(name)} AS STRING)`);
  return texts.length === 1 ? texts[0] : `TO_JSON_STRING([${texts.join(", ")}])`;
}

/** An expression: the key of a refused row from its text, or null where it cannot be read. */
function keyIn(flow, raw) {
  const texts = get(flow).key_fields.map((name) => fieldOf(source(flow, name), raw));
  if (texts.length < 2) {
    return texts[0] || "CAST(NULL AS STRING)";
  }
  return `IF(${texts.map((found) => `${found} IS NULL`).join(" OR ")}, NULL, TO_JSON_STRING([${texts.join(", ")}]))`;
}

/** The columns of silver that are made of a row's others, by their expressions. */
function made(flow) {
  const { time } = declared[flow];
  const day = time ? { [time.column]: `DATE(${quoted(time.field)})` } : { [ARRIVED_DAY]: "DATE(arrived_at)" };
  const columns = declared[flow].columns;
  const all = { ...(declared[flow].key === ROW_KEY ? { [ROW_KEY]: keyOf(flow) } : {}), ...day };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !columns[name]));
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

/** Name to type, in order, of a flow's silver tables: its fields, what is made of them, where the row comes from. */
function silverColumns(flow) {
  const types = Object.fromEntries(Object.keys(made(flow)).map((name) => [name, name === ROW_KEY ? "STRING" : "DATE"]));
  return { ...get(flow).columns, ...types, ...DELIVERY };
}

/** What is said of those columns. */
function descriptions(flow) {
  const { texts } = get(flow);
  const { time } = declared[flow];
  const day = time ? `Day (UTC) of ${time.field}.` : "Day (UTC) on which the row arrived.";
  return Object.fromEntries(Object.keys(silverColumns(flow)).map((name) =>
    [name, texts[name] || described.delivery[name] || (name === ROW_KEY ? "Key of the row, as a text." : day)]));
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

/** An expression: the key of the refused row of `alias`, or null where it cannot be read. */
const named = (flow, alias) => `IFNULL(${alias}.key, ${keyIn(flow, `${alias}.raw`)})`;

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
      SELECT ${named(flow, "there")} FROM ${rejected(flow)} AS there ${whole}
        AND ${named(flow, "there")} IS NOT NULL))`;
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
      AND ${named(flow, "refused")} = ${alias}.${key}))`;
}

/** Before the hash of a key, where the key itself stood in a checked object before it was erased. */
const ERASED = "forgotten:";

/** An expression: `key`, a text, is among the keys of the flow that the run's list has as forgotten. Only if it has any. */
const isForgotten = (flow, key) => `IF(STARTS_WITH(${key}, '${ERASED}'), SUBSTR(${key}, ${ERASED.length + 1}), TO_HEX(SHA256(${key}))) IN (
    SELECT key_hash FROM ${batch.staging(`ext_files_${flow}`)} WHERE flow = '${flow}' AND key_hash IS NOT NULL)`;

/** The SELECTs that `select` makes of each flow, one below the other. */
const union = (select) => names.map((flow) => select(get(flow))).join("\nUNION ALL\n");

module.exports = {
  names, get, quoted, list, made, keyIn, named, ofRun, silverColumns, descriptions, versions, current, rejected, objects, fence, touched, isRewritten, isStanding, isForgotten, age, union, DELIVERY,
};
