// How a run's rows of a flow become what everybody reads: in one transaction, behind a fence that an older run cannot pass.

const batch = require("includes/batch");
const flows = require("includes/flows");
const tables = require("includes/tables");
const wholes = require("includes/wholes");

/** What makes a row the current one of its key, best first: by what the rows say, so the order of batches does not matter. */
function precedence({ change, version }) {
  return change === "upsert"
    ? [version, "line_hash", "source_generation", "source_uri", "source_offset"].map((name) => `${name} DESC`).join(", ")
    : "arrived_at, line_hash, source_uri, source_generation, source_offset";
}

/** A WHERE term: the row of `alias` is of an object of this run. */
const ofRun = (flow, alias, uri, generation) => `EXISTS (
    SELECT 1 FROM ${batch.staging(`objects_${flow}`)} AS mine
    WHERE mine.uri = ${alias}.${uri} AND mine.generation = ${alias}.${generation})`;

/** A WHERE term: as ofRun; where a name written again stands for what it held before, any generation of the run's names. */
const ofNames = (flow, alias, uri, generation) =>
  flows.get(flow).rewrite === "replace"
    ? `EXISTS (SELECT 1 FROM ${batch.staging(`objects_${flow}`)} AS mine WHERE mine.uri = ${alias}.${uri})`
    : ofRun(flow, alias, uri, generation);

/** A WHERE term: the row is of a day and a key that the run touches. */
const isTouched = (flow, day, key) =>
  `${day} IN UNNEST(touched_days) AND ${key} IN (SELECT key FROM ${batch.staging(`touched_${flow}`)})`;

/** Characters of an object's id in `files` by which a finding names it; start_elt finds its file by them. */
const NAMED = 16;

const MOST_NAMED = 20;

/** Fails with what the audit found first, and with the objects that it found anything of, as many as a message takes. */
const passed = (flow) => `ASSERT (
  SELECT IF(COUNT(*) = 0, TRUE, ERROR(CONCAT(
    'The audit of ${flow} found what must not be published; objects: ',
    IFNULL(STRING_AGG(IF(place <= ${MOST_NAMED}, id, NULL), ','), ''),
    '; first: ', MIN(finding)
  )))
  FROM (
    SELECT
      finding,
      SUBSTR(TO_HEX(SHA256(CONCAT(SUBSTR(uri, 6), '#', CAST(generation AS STRING)))), 1, ${NAMED}) AS id,
      ROW_NUMBER() OVER (ORDER BY uri, generation) AS place
    FROM ${batch.staging(`objects_${flow}`)}
    WHERE finding IS NOT NULL
  )
) AS 'The audit of ${flow} found what must not be published';`;

/** Nothing is published that the audit has not passed. */
const open = (flow) => `DECLARE touched_days ARRAY<DATE>;

${passed(flow)}`;

/** The keys that the run will touch get their table; the transaction begins behind the fence. */
const begin = (flow) => `CREATE OR REPLACE TABLE ${batch.staging(`touched_${flow}`)} (key STRING, day DATE);

BEGIN TRANSACTION;

UPDATE ${flows.fence(flow)} SET epoch = ${batch.epoch()} WHERE epoch <= ${batch.epoch()};
ASSERT (SELECT epoch FROM ${flows.fence(flow)}) = ${batch.epoch()} AS 'A newer run than epoch ${batch.epoch()} holds the fence of ${flow}';`;

/** The days and keys of the run's rows, and of what its objects delivered before. Then the days of those keys' other versions. */
function touch(flow) {
  const { key, day } = flows.get(flow);
  return `SET touched_days = ARRAY(
  SELECT day FROM ${batch.staging(`objects_${flow}`)} AS mine, UNNEST(mine.days) AS day
  UNION DISTINCT
  SELECT day FROM ${flows.objects(flow)} AS known, UNNEST(known.days) AS day WHERE ${ofNames(flow, "known", "uri", "generation")}
);

INSERT INTO ${batch.staging(`touched_${flow}`)} (key, day)
SELECT ${key}, ${day} FROM ${batch.staging(flow)} WHERE broken_rule IS NULL
UNION DISTINCT
SELECT ${key}, ${day} FROM ${flows.versions(flow)} AS known
WHERE ${day} IN UNNEST(touched_days) AND ${ofNames(flow, "known", "source_uri", "source_generation")};

${batch.hasForgotten(flow) ? `INSERT INTO ${batch.staging(`touched_${flow}`)} (key, day)
SELECT DISTINCT ${key}, ${day} FROM ${flows.versions(flow)} WHERE ${flows.isForgotten(flow, key)};

` : ""}${wholes.touch(flow)}

SET touched_days = ARRAY(
  SELECT day FROM UNNEST(touched_days) AS day
  UNION DISTINCT
  SELECT ${day} FROM ${flows.versions(flow)} WHERE ${key} IN (SELECT key FROM ${batch.staging(`touched_${flow}`)})
);`;
}

/** A table's rows of the run's objects go, and come as the run has them. */
const replace = (flow, target, columns, source, where, [uri, generation] = ["source_uri", "source_generation"], days = "TRUE") =>
  `DELETE FROM ${target} AS known WHERE ${days} AND ${ofRun(flow, "known", uri, generation)};
INSERT INTO ${target} (${columns.join(", ")})
SELECT ${columns.join(", ")} FROM ${source} WHERE ${where};`;

function deliver(flow) {
  const { day } = flows.get(flow);
  const quoted = (columns) => Object.keys(columns).map(flows.quoted);
  return [
    replace(
      flow, flows.versions(flow), quoted(flows.silverColumns(flow)), batch.staging(flow), "broken_rule IS NULL",
      undefined, `${day} IN UNNEST(touched_days)`,
    ),
    replace(flow, flows.rejected(flow), quoted(tables.REJECTED), batch.staging(`rejected_${flow}`), "TRUE"),
    replace(
      flow, flows.objects(flow), [...quoted(tables.OBJECTS), "days"], batch.staging(`objects_${flow}`), "NOT is_withdrawn",
      ["uri", "generation"],
    ),
  ].join("\n\n");
}

/** Rows of forgotten keys that other runs published: their objects count them, and the texts of refused ones go. */
function forget(flow) {
  if (!batch.hasForgotten(flow)) {
    return "";
  }
  const { key } = flows.get(flow);
  const named = flows.named(flow, "known");
  return `UPDATE ${flows.objects(flow)} AS known SET count_forgotten = IFNULL(known.count_forgotten, 0) + gone.count_rows
FROM (
  SELECT source_uri, source_generation, COUNT(*) AS count_rows FROM ${flows.versions(flow)}
  WHERE ${flows.isForgotten(flow, key)}
  GROUP BY source_uri, source_generation
) AS gone
WHERE known.uri = gone.source_uri AND known.generation = gone.source_generation;

DELETE FROM ${flows.versions(flow)} WHERE ${flows.isForgotten(flow, key)};

UPDATE ${flows.rejected(flow)} AS known SET raw = NULL, message = NULL, key = NULL
WHERE ${flows.isForgotten(flow, named)};`;
}

/** The current rows of the touched keys, from all their versions. */
function recompute(flow) {
  const { key, day } = flows.get(flow);
  const columns = flows.list(flows.silverColumns(flow));
  return `DELETE FROM ${flows.current(flow)} WHERE ${isTouched(flow, day, key)};
INSERT INTO ${flows.current(flow)} (${columns})
SELECT ${columns}
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${precedence(flows.get(flow))}) AS place
  FROM ${flows.versions(flow)} AS known
  WHERE ${isTouched(flow, day, key)} AND ${flows.isStanding(flow, "known")}
) AS ranked
WHERE place = 1;`;
}

/** What gold has to take up. */
const note = (flow) => `DELETE FROM ${flows.touched(flow)} WHERE day IN UNNEST(touched_days);
INSERT INTO ${flows.touched(flow)} (day) SELECT day FROM UNNEST(touched_days) AS day;`;

/** A trial's files were published already: they have gone through every statement, and what that did is rolled back. */
const rollBack = (flow) => `ROLLBACK TRANSACTION;

${[flow, `rejected_${flow}`].map((name) => `DELETE FROM ${batch.staging(name)} AS staged WHERE EXISTS (
  SELECT 1 FROM ${batch.staging(`objects_${flow}`)} AS mine
  WHERE mine.is_tried AND mine.uri = staged.source_uri AND mine.generation = staged.source_generation
);`).join("\n")}
DELETE FROM ${batch.staging(`objects_${flow}`)} WHERE is_tried;`;

/** The end. The run's rows are in silver now: their staging tables go. */
const close = (flow) => `COMMIT TRANSACTION;

${[flow, `rejected_${flow}`, `objects_${flow}`, `touched_${flow}`].map((name) => `DROP TABLE IF EXISTS ${batch.staging(name)};`).join("\n")}`;

/** The whole script. `more`: statements in the transaction that follow from the flow's current rows. */
function script(flow, more = "") {
  const transaction = [
    begin(flow), touch(flow), deliver(flow), forget(flow), wholes.judge(flow), recompute(flow), more.trim(), note(flow),
  ].filter((text) => text);
  const trial = batch.isTrial() ? [...transaction, rollBack(flow)] : [];
  return [open(flow), ...trial, ...transaction, close(flow)].filter((text) => text).join("\n\n");
}

module.exports = { script, isTouched, precedence };
