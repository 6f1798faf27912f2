// A batch's rows, parsed and numbered among the copies of their key. Both the silver tables and the duplicates read them.

const batch = require("includes/batch");

const text = (name) => `JSON_VALUE(line, '$.${name}') AS ${name}`;
const whole = (name) => `SAFE_CAST(JSON_VALUE(line, '$.${name}') AS INT64) AS ${name}`;
const day = (name) => `SAFE_CAST(JSON_VALUE(line, '$.${name}') AS DATE) AS ${name}`;
const texts = (name) => `JSON_VALUE_ARRAY(line, '$.${name}') AS ${name}`;

/** ISO 8601 with a zone, seconds optional, digits past the sixth cut off; or milliseconds since 1970. */
function moment(name) {
  const value = `JSON_VALUE(line, '$.${name}')`;
  const seconds = `REGEXP_REPLACE(${value}, r'^([0-9-]{10}T[0-9]{2}:[0-9]{2})(Z|[+-])', r'\\1:00\\2')`;
  const micros = `REGEXP_REPLACE(${seconds}, r'(\\.[0-9]{6})[0-9]+', r'\\1')`;
  return `CASE
      WHEN REGEXP_CONTAINS(${value}, r'^[0-9]+$') THEN TIMESTAMP_MILLIS(SAFE_CAST(${value} AS INT64))
      ELSE SAFE_CAST(${micros} AS TIMESTAMP)
    END AS ${name}`;
}

/** The batch's lines of a flow that are neither blank nor in quarantine. U+FFFD is what bad UTF-8 reads as: always quarantined. */
const goodLines = (ref, flow) => `
    SELECT raw.line, raw.source_uri, raw.line_hash
    FROM (
      SELECT line, _FILE_NAME AS source_uri, TO_HEX(SHA256(line)) AS line_hash
      FROM ${ref("bronze", `ext_${flow}`)}
      WHERE ${batch.objects(ref, flow, "uri")}
        AND TRIM(line) != ''
        AND STRPOS(line, CHR(65533)) = 0
    ) AS raw
    LEFT JOIN (
      SELECT DISTINCT source_uri, line_hash
      FROM ${ref("silver", "rejected_rows")}
      WHERE batch = ${batch.number()} AND flow = '${flow}'
    ) AS bad ON bad.source_uri = raw.source_uri AND bad.line_hash = raw.line_hash
    WHERE bad.line_hash IS NULL`;

const numbered = (rows, key, order) => `
  SELECT *, ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${order}) AS copy_number
  FROM (${rows}
  )`;

const parsed = (ref, flow, columns) =>
  numbered(
    `
    SELECT
      ${columns.join(",\n      ")},
      source_uri,
      line_hash
    FROM (${goodLines(ref, flow)})`,
    "event_id",
    "source_uri, line_hash",
  );

const clickstream = (ref) =>
  parsed(ref, "clickstream", [
    ...["event_id", "session_id", "visitor_token"].map(text),
    ...["occurred_at", "ingested_at"].map(moment),
    text("event_type"),
    whole("sequence"),
    ...["page", "product_id", "referrer", "device"].map(text),
    whole("dwell_ms"),
    text("ip_prefix"),
  ]);

const startups = (ref) =>
  parsed(ref, "startups", [
    ...["event_id", "startup_id", "event_type"].map(text),
    ...["occurred_at", "ingested_at"].map(moment),
    ...["name", "sector", "country"].map(text),
    day("founded_date"),
    text("stage"),
    whole("amount_cents"),
    text("currency"),
    texts("investors"),
    whole("employee_count"),
  ]);

const SALES = [
  ["order_id", "STRING"],
  ["batch_id", "STRING"],
  ["customer_id", "STRING"],
  ["visitor_token", "STRING"],
  ["email_token", "STRING"],
  ["phone_token", "STRING"],
  ["startup_id", "STRING"],
  ["ordered_at", "TIMESTAMP"],
  ["ingested_at", "TIMESTAMP"],
  ["updated_at", "TIMESTAMP"],
  ["customer_acquired_at", "TIMESTAMP"],
  ["status", "STRING"],
  ["currency", "STRING"],
  ["country", "STRING"],
  ["items", "ARRAY<STRUCT<sku STRING, category STRING, quantity INT64, unit_price_cents INT64>>"],
  ["item_count", "INT64"],
  ["basket_size", "INT64"],
  ["gross_cents", "INT64"],
  ["discount_cents", "INT64"],
  ["discount_rate", "FLOAT64"],
  ["tax_cents", "INT64"],
  ["shipping_cents", "INT64"],
  ["net_cents", "INT64"],
  ["payment_method", "STRING"],
  ["payment_category", "STRING"],
  ["is_weekend", "BOOL"],
  ["is_first_order", "BOOL"],
  ["customer_age_days", "FLOAT64"],
];

const salesColumns = SALES.map(([name]) => name);

/** Documents carry no line: their hash is over every column that has one spelling as text. */
const hashed = SALES.filter(([name, type]) => name !== "items" && type !== "FLOAT64").map(
  ([name]) => `IFNULL(CAST(${name} AS STRING), '')`,
);

/** Orders, the first delivery of each first. */
const sales = (ref) =>
  numbered(
    `
    SELECT
      ${salesColumns.join(",\n      ")},
      _FILE_NAME AS source_uri,
      TO_HEX(SHA256(CONCAT(${hashed.join(", '|', ")}))) AS line_hash
    FROM ${ref("bronze", "ext_sales")}
    WHERE ${batch.objects(ref, "sales", "uri")}`,
    "order_id",
    "ingested_at, source_uri, line_hash",
  );

/**
 * The rows of `rows` that stay: first of their key in the batch, and of a key no other batch in `seen` has. Not "no earlier
 * one": a parked batch that is released comes after batches with higher numbers, which may hold its keys by then.
 */
const kept = (rows, key, seen) =>
  seen
    ? `
FROM (${rows}
) AS fresh
LEFT JOIN (
  SELECT DISTINCT ${key} FROM ${seen} WHERE batch <> ${batch.number()}
) AS seen ON seen.${key} = fresh.${key}
WHERE fresh.copy_number = 1 AND seen.${key} IS NULL`
    : `
FROM (${rows}
) AS fresh
WHERE fresh.copy_number = 1`;

/** The rows of `rows` that `kept` leaves out, as duplicate_rows has them. */
const setAside = (rows, flow, key, seen) => `
SELECT
  '${flow}' AS flow,
  ${batch.number()} AS batch,
  fresh.source_uri,
  fresh.${key} AS key,
  fresh.line_hash,
  fresh.copy_number,
  seen.first_batch
FROM (${rows}
) AS fresh
LEFT JOIN (
  SELECT ${key}, MIN(batch) AS first_batch FROM ${seen} WHERE batch <> ${batch.number()} GROUP BY ${key}
) AS seen ON seen.${key} = fresh.${key}
WHERE fresh.copy_number > 1 OR seen.${key} IS NOT NULL`;

module.exports = { clickstream, startups, sales, salesColumns, SALES, kept, setAside };
