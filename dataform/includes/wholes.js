// A delivery that is all that its flow has, as of a time: keys that it has not are gone at their source. Only in flows whose contract
// says `max_deleted`, the share of current rows that one delivery may take away.

const batch = require("includes/batch");
const flows = require("includes/flows");

const takes = (flow) => flows.get(flow).max_deleted !== undefined;

/** A WHERE term: the object of the row of `alias` is of this run. */
const ofRun = (flow, alias) => `EXISTS (
    SELECT 1 FROM ${batch.staging(`objects_${flow}`)} AS mine WHERE mine.uri = ${alias}.uri AND mine.generation = ${alias}.generation)`;

/** Where such a delivery comes or goes, every key may change: all become touched ones. */
function touch(flow) {
  if (!takes(flow)) {
    return "";
  }
  const { key, day } = flows.get(flow);
  return `INSERT INTO ${batch.staging(`touched_${flow}`)} (key, day)
SELECT DISTINCT ${key}, ${day} FROM ${flows.versions(flow)}
WHERE (SELECT COUNT(*) FROM ${batch.staging(`objects_${flow}`)} WHERE whole_at IS NOT NULL)
  + (SELECT COUNT(*) FROM ${flows.objects(flow)} AS known WHERE known.whole_at IS NOT NULL AND ${ofRun(flow, "known")}) > 0;`;
}

/** What keeps a delivery of the run from deleting, or null; its rows are taken up all the same. By the current rows of before. */
function judge(flow) {
  if (!takes(flow)) {
    return "";
  }
  const { key, max_deleted: most } = flows.get(flow);
  const named = `IFNULL(key, ${flows.keyIn(flow, "raw")})`;
  return `UPDATE ${flows.objects(flow)} AS mine SET whole_finding = judged.finding
FROM (
  SELECT
    whole.uri,
    whole.generation,
    CASE
      WHEN whole.whole_at < newest.whole_at THEN 'one of a later time is there'
      WHEN IFNULL(refused.count_unreadable, 0) > 0 THEN FORMAT('%d of its refused rows have no key that can be read', refused.count_unreadable)
      WHEN counted.count_gone > ${most} * counted.count_keys
        THEN FORMAT('%d of %d keys are not in it, more than max_deleted allows', counted.count_gone, counted.count_keys)
    END AS finding
  FROM ${flows.objects(flow)} AS whole
  CROSS JOIN (SELECT MAX(whole_at) AS whole_at FROM ${flows.objects(flow)} WHERE whole_finding IS NULL) AS newest
  LEFT JOIN (
    SELECT source_uri, source_generation, COUNTIF(raw IS NOT NULL AND ${named} IS NULL) AS count_unreadable
    FROM ${flows.rejected(flow)}
    GROUP BY source_uri, source_generation
  ) AS refused ON refused.source_uri = whole.uri AND refused.source_generation = whole.generation
  LEFT JOIN (
    SELECT delivered.uri, delivered.generation, COUNT(*) AS count_keys, COUNTIF(there.key IS NULL) AS count_gone
    FROM ${flows.objects(flow)} AS delivered
    JOIN ${flows.current(flow)} AS known ON known.${flows.age(flow)} <= delivered.whole_at
    LEFT JOIN (
      SELECT source_uri, source_generation, ${key} AS key FROM ${flows.versions(flow)}
      UNION DISTINCT
      SELECT source_uri, source_generation, ${named} FROM ${flows.rejected(flow)}
    ) AS there ON there.source_uri = delivered.uri AND there.source_generation = delivered.generation AND there.key = known.${key}
    WHERE delivered.whole_at IS NOT NULL
    GROUP BY delivered.uri, delivered.generation
  ) AS counted ON counted.uri = whole.uri AND counted.generation = whole.generation
  WHERE whole.whole_at IS NOT NULL AND ${ofRun(flow, "whole")}
) AS judged
WHERE mine.uri = judged.uri AND mine.generation = judged.generation;`;
}

module.exports = { touch, judge };
