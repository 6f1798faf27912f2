// The external tables over Bronze and quarantine: one folder per flow, one `dt=` folder per slice of world time.

const list = (options) => options.map(([name, value]) => `  ${name} = ${value}`).join(",\n");

const place = (bucket, flow, suffix) => [
  ["uris", `['gs://${bucket}/${flow}/*${suffix}']`],
  ["hive_partition_uri_prefix", `'gs://${bucket}/${flow}'`],
  ["require_hive_partition_filter", "true"],
];

const create = (self, columns, options) =>
  `CREATE EXTERNAL TABLE IF NOT EXISTS ${self} (
${columns.map(([name, type]) => `  ${name} ${type}`).join(",\n")}
)
WITH PARTITION COLUMNS (dt DATE)
OPTIONS (
${list(options)}
)`;

/**
 * Raw lines in one column. A line that holds the delimiter, a control character JSON forbids, is in quarantine already:
 * it is a bad record here, left out, and the reconciliation sees it if it was not.
 */
const lines = (self, bucket, flow) =>
  create(self, [["line", "STRING"]], [
    ["format", "'CSV'"],
    ...place(bucket, flow, ""),
    ["field_delimiter", "'\\x01'"],
    ["quote", "''"],
    ["max_bad_records", "2147483647"],
  ]);

const parquet = (self, bucket, flow, columns) =>
  create(self, columns, [["format", "'PARQUET'"], ...place(bucket, flow, "")]);

const QUARANTINE = [
  ["flow", "STRING"],
  ["object", "STRING"],
  ["generation", "INT64"],
  ["line", "INT64"],
  ["`offset`", "INT64"],
  ["code", "STRING"],
  ["field", "STRING"],
  ["message", "STRING"],
  ["raw", "STRING"],
  ["line_hash", "STRING"],
];

const quarantine = (self, bucket, flow) =>
  create(self, QUARANTINE, [
    ["format", "'NEWLINE_DELIMITED_JSON'"],
    ...place(bucket, flow, ""),
    ["ignore_unknown_values", "true"],
  ]);

const RESCUED = [
  ["flow", "STRING"],
  ["object", "STRING"],
  ["line", "INT64"],
  ["line_hash", "STRING"],
  ["rescued", "STRING"],
];

const rescued = (self, bucket, flow) =>
  create(self, RESCUED, [
    ["format", "'NEWLINE_DELIMITED_JSON'"],
    ...place(bucket, `rescued/${flow}`, ""),
    ["ignore_unknown_values", "true"],
  ]);

module.exports = { lines, parquet, quarantine, rescued };
