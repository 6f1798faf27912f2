// What a run reads and what it finds, in tables of its own: the rows of a flow, what is refused of them, and each object's audit.

const batch = require("includes/batch");
const flows = require("includes/flows");
const tables = require("includes/tables");

const FILES = {
  batch: "INT64",
  epoch: "INT64",
  part: "INT64",
  flow: "STRING",
  uri: "STRING",
  generation: "INT64",
  dt: "DATE",
  rows: "INT64",
  rows_quarantined: "INT64",
  rows_checked: "INT64",
  quarantine_uri: "STRING",
  corrects_uri: "STRING",
  arrived_at: "TIMESTAMP",
  checked_uri: "STRING",
  is_withdrawn: "BOOL",
  is_tried: "BOOL",
  count_forgotten: "INT64",
  key_hash: "STRING",
  whole_at: "TIMESTAMP",
};

const QUARANTINE = {
  flow: "STRING",
  object: "STRING",
  generation: "INT64",
  line: "INT64",
  offset: "INT64",
  code: "STRING",
  field: "STRING",
  message: "STRING",
  raw: "STRING",
  line_hash: "STRING",
};

/** The columns of a checked object, in its order: those of silver but what the run adds. */
function checkedColumns(flow) {
  const { batch: _run, ...delivery } = flows.DELIVERY;
  return { ...flows.get(flow).columns, ...delivery };
}

const external = (name, columns, options) => `CREATE OR REPLACE EXTERNAL TABLE ${name} (
${Object.entries(columns).filter(([, type]) => type).map(([column, type]) => `  \`${column}\` ${type}`).join(",\n")}
)
OPTIONS (
  ${options.join(",\n  ")}
)`;

/** As the name of a broken rule: the row's key is forgotten. It is counted, and neither published nor kept. */
const FORGOTTEN = "forgotten";

const manifest = (bucket, flow) => [
  "file_set_spec_type = 'NEW_LINE_DELIMITED_MANIFEST'",
  `uris = ['gs://${batch.bucket(bucket)}/manifests/${batch.folder()}/${flow}.txt']`,
];

const JSON_LINES = ["format = 'NEWLINE_DELIMITED_JSON'", "ignore_unknown_values = true"];

/** The external tables of the run's files of a flow. A list that would be empty is not written, so there is no table over it. */
function externals(flow) {
  const list = `uris = ['gs://${batch.bucket("control")}/batches/${batch.folder()}/files.jsonl']`;
  const made = [external(batch.staging(`ext_files_${flow}`), FILES, [...JSON_LINES, list])];
  if (batch.hasChecked(flow)) {
    const parquet = ["format = 'PARQUET'", "enable_list_inference = true", ...manifest("checked", flow)];
    made.push(external(batch.staging(`ext_${flow}`), checkedColumns(flow), parquet));
  }
  if (batch.hasQuarantined(flow)) {
    const lines = [...JSON_LINES, ...manifest("quarantine", flow)];
    made.push(external(batch.staging(`ext_quarantine_${flow}`), QUARANTINE, lines));
  }
  return made.join(";\n\n");
}

/** No row of these columns: what stands where there is nothing to read. */
const none = (columns) =>
  `(SELECT ${Object.entries(columns).filter(([, type]) => type).map(([name, type]) => `CAST(NULL AS ${type}) AS \`${name}\``).join(", ")} LIMIT 0)`;

/** The accepted rows of the run's files of a flow, to select from. */
const checkedRows = (flow) => (batch.hasChecked(flow) ? batch.staging(`ext_${flow}`) : none(checkedColumns(flow)));

/** The rows of the run's files: their fields, what is made of them, where they are from, and the first rule that each breaks, or null. */
function rows(flow) {
  const made = Object.entries(flows.made(flow)).map(([name, expression]) => `${expression} AS ${flows.quoted(name)}`);
  const delivery = Object.keys(flows.DELIVERY).map((name) => (name === "batch" ? `${batch.number()} AS batch` : name));
  return `CREATE OR REPLACE TABLE ${batch.staging(flow)} AS
SELECT *, ${brokenRule(flow)} AS broken_rule
FROM (
  SELECT
    ${[...Object.keys(flows.get(flow).columns).map(flows.quoted), ...made, ...delivery].join(",\n    ")}
  FROM ${checkedRows(flow)}
)`;
}

function brokenRule(flow) {
  const { key, rules } = flows.get(flow);
  const forgotten = batch.hasForgotten(flow) ? [`WHEN ${flows.isForgotten(flow, key)} THEN '${FORGOTTEN}'`] : [];
  const broken = [...forgotten, ...Object.entries(rules).map(([name, condition]) => `WHEN NOT (${condition}) THEN '${name}'`)];
  return broken.length ? `CASE ${broken.join(" ")} END` : "CAST(NULL AS STRING)";
}

/** The rows that landing refused and those that broke a rule, as `_rejected` has them. */
function rejected(flow) {
  const { key, columns } = flows.get(flow);
  const found = batch.hasQuarantined(flow)
    ? `(SELECT *, _FILE_NAME AS quarantine_uri FROM ${batch.staging(`ext_quarantine_${flow}`)})`
    : none({ ...QUARANTINE, quarantine_uri: "STRING" });
  // What was refused may hold a key that is forgotten: the row is counted, and its text goes.
  const named = flows.keyIn(flow, "found.raw");
  const kept = (column) => (batch.hasForgotten(flow)
    ? `IF(IFNULL(${flows.isForgotten(flow, named)}, FALSE), NULL, found.${column}) AS ${column}`
    : `found.${column}`);
  return `CREATE OR REPLACE TABLE ${batch.staging(`rejected_${flow}`)} AS
SELECT
  '${flow}' AS flow, ${batch.number()} AS batch, files.uri AS source_uri, files.generation AS source_generation,
  found.line, found.\`offset\`, found.code, found.field, ${kept("message")}, ${kept("raw")}, found.line_hash, CAST(NULL AS STRING) AS key
FROM ${found} AS found
JOIN ${batch.staging(`ext_files_${flow}`)} AS files ON files.quarantine_uri = found.quarantine_uri
WHERE files.flow = '${flow}'
UNION ALL
SELECT
  '${flow}', ${batch.number()}, source_uri, source_generation,
  CAST(NULL AS INT64), source_offset, broken_rule, CAST(NULL AS STRING), CONCAT('the row breaks the rule ', broken_rule),
  TO_JSON_STRING(STRUCT(${flows.list(columns)})), line_hash, ${key}
FROM ${batch.staging(flow)}
WHERE broken_rule != '${FORGOTTEN}'`;
}

/**
 * Each object of the run: what is recorded of it, the days of its accepted rows, and what the audit finds wrong, or null.
 * A row of an object that is not in the list makes a finding too.
 */
function audit(flow) {
  const { key, day } = flows.get(flow);
  return `CREATE OR REPLACE TABLE ${batch.staging(`objects_${flow}`)} AS
SELECT
  ${Object.keys(tables.OBJECTS).filter((name) => !["count_forgotten", "whole_finding"].includes(name)).map((name) => `files.${name}`).join(", ")},
  CAST(NULL AS STRING) AS whole_finding,
  IFNULL(files.count_forgotten, 0) + IFNULL(staged.count_forgotten, 0) AS count_forgotten,
  IFNULL(files.is_withdrawn, FALSE) AS is_withdrawn,
  IFNULL(files.is_tried, FALSE) AS is_tried,
  IFNULL(dated.days, []) AS days,
  CASE
    WHEN files.uri IS NULL THEN CONCAT(staged.source_uri, ' is not in the list of the run')
    WHEN IFNULL(staged.count_rows, 0) != files.rows_checked
      THEN FORMAT('%s has %d rows, landing counted %d', files.uri, IFNULL(staged.count_rows, 0), files.rows_checked)
    WHEN IFNULL(refused.count_rows, 0) != files.count_quarantined
      THEN FORMAT('%s has %d rows in quarantine, landing counted %d', files.uri, IFNULL(refused.count_rows, 0), files.count_quarantined)
    WHEN staged.count_keyless > 0 THEN FORMAT('%s has %d rows without key or day', files.uri, staged.count_keyless)
  END AS finding
FROM (
  SELECT *, \`rows\` AS count_rows, rows_quarantined AS count_quarantined
  FROM ${batch.staging(`ext_files_${flow}`)}
  WHERE flow = '${flow}' AND key_hash IS NULL
) AS files
FULL JOIN (
  SELECT
    source_uri, source_generation, COUNT(*) AS count_rows, COUNTIF((${key} IS NULL OR ${day} IS NULL) AND IFNULL(broken_rule, '') != '${FORGOTTEN}') AS count_keyless,
    COUNTIF(broken_rule = '${FORGOTTEN}') AS count_forgotten
  FROM ${batch.staging(flow)}
  GROUP BY source_uri, source_generation
) AS staged ON staged.source_uri = files.uri AND staged.source_generation = files.generation
LEFT JOIN (
  SELECT source_uri, source_generation, ARRAY_AGG(${day} ORDER BY ${day}) AS days
  FROM (
    SELECT DISTINCT source_uri, source_generation, ${day} FROM ${batch.staging(flow)}
    WHERE broken_rule IS NULL AND ${day} IS NOT NULL
  )
  GROUP BY source_uri, source_generation
) AS dated ON dated.source_uri = files.uri AND dated.source_generation = files.generation
LEFT JOIN (
  SELECT source_uri, source_generation, COUNT(*) AS count_rows
  FROM ${batch.staging(`rejected_${flow}`)}
  WHERE key IS NULL
  GROUP BY source_uri, source_generation
) AS refused ON refused.source_uri = files.uri AND refused.source_generation = files.generation`;
}

/** How a run stages the files of a flow, statement by statement. */
const script = (flow) => [externals(flow), rows(flow), rejected(flow), audit(flow)];

module.exports = { script };
