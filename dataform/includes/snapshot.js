// What a training snapshot holds: the features of every customer acquired before a cutoff, as they were known at it.

const batch = require("includes/batch");
const canary = require("includes/canary");

const FEATURES = {
  customer_id: "Customer the row is about.",
  cutoff_at: "Moment the features are as of (UTC, a midnight).",
  frequency: "Repeat orders: orders before the cutoff, less the first.",
  recency_days: "Days from the first order to the last before the cutoff.",
  age_days: "Days from the first order to the cutoff.",
  orders_30d: "Orders in the 30 days before the cutoff.",
  orders_90d: "Orders in the 90 days before the cutoff.",
  net_cents_total: "Net value of the orders before the cutoff that are in the currency of the newest, in cents.",
  net_cents_mean: "Mean net value of those orders, in cents.",
  discount_rate_mean: "Mean discount rate of an order before the cutoff, 0 to 1.",
  sessions_7d: "Sessions begun in the 7 days before the cutoff.",
  sessions_30d: "Sessions begun in the 30 days before the cutoff.",
  sessions_90d: "Sessions begun in the 90 days before the cutoff.",
  sessions_total: "Sessions begun before the cutoff.",
  sessions_since_last_order: "Sessions begun after the last order before the cutoff.",
  days_since_last_order: "Days from the last order to the cutoff.",
  days_since_last_session: "Days from the begin of the last session to the cutoff; null if there was none.",
  cart_rate: "Share of the sessions that put something in the cart; 0 if there was no session.",
  stage: "Funding stage of the customer's startup at the cutoff, or unknown.",
  days_since_funding: "Days from the startup's last funding round to the cutoff; null if there was none.",
};
const LABEL = { label: "1 if the customer orders in the 90 days after the cutoff, else 0." };
const BATCH = { batch: "Batch the snapshot was made by." };

const columns = (labelled) => ({ ...BATCH, ...FEATURES, ...(labelled ? LABEL : {}) });
const names = (labelled) => [...Object.keys(FEATURES), ...(labelled ? ["label"] : [])];

const days = (later, earlier) => `TIMESTAMP_DIFF(${later}, ${earlier}, MICROSECOND) / 86400000000`;
const within = (at, length) => `COUNTIF(${at} >= TIMESTAMP_SUB(cutoff_at, INTERVAL ${length} DAY))`;
const newest = "updated_at DESC, line_hash DESC, source_generation DESC, source_offset DESC, source_uri DESC";
const first = "arrived_at, line_hash, source_uri, source_generation, source_offset";

/**
 * Of each key the version that was known at the cutoff, from batches up to this one: the current row would show what came later,
 * and would not be there for a key that came again later.
 */
const asOf = (table, columns, key, order, times) => `
  SELECT ${columns.join(", ")}, cutoff_at
  FROM (
    SELECT
      ${columns.join(", ")}, cutoff.cutoff_at,
      ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${order}) AS version_number
    FROM ${table} CROSS JOIN cutoff
    WHERE batch <= ${batch.number()}
      ${times.map((at) => `AND ${at} < cutoff.cutoff_at`).join("\n      ")}
  )
  WHERE version_number = 1`;

const ORDER = ["customer_id", "visitor_token", "startup_id", "order_id", "ordered_at", "currency", "net_cents", "discount_rate"];

const orders = (ref) => `
known_orders AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC) AS newest,
    FIRST_VALUE(currency) OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC) AS customer_currency
  FROM (${asOf(ref("silver", "orders_versions"), ORDER, "order_id", newest, ["ordered_at", "updated_at", "ingested_at"])}
  )
),
customers AS (
  SELECT
    customer_id,
    cutoff_at,
    MIN(ordered_at) AS first_order_at,
    MAX(ordered_at) AS last_order_at,
    MAX(CASE WHEN newest = 1 THEN startup_id END) AS startup_id,
    COUNT(*) AS count_orders,
    ${within("ordered_at", 30)} AS orders_30d,
    ${within("ordered_at", 90)} AS orders_90d,
    -- Amounts of two currencies are never added: those in the currency of the newest order count.
    SUM(CASE WHEN currency = customer_currency THEN net_cents END) AS net_cents_total,
    COUNTIF(currency = customer_currency) AS count_in_currency,
    -- Summed in millionths: a sum of floats depends on the order of its rows, and the snapshot's hash must not.
    SUM(CAST(ROUND(discount_rate * 1000000) AS INT64)) AS discount_rate_millionths
  FROM known_orders
  GROUP BY customer_id, cutoff_at
)`;

const CLICK = ["visitor_token", "session_id", "occurred_at", "event_type"];

const sessions = (ref) => `
visitors AS (SELECT DISTINCT customer_id, visitor_token FROM known_orders),
known_sessions AS (
  SELECT
    visitors.customer_id,
    events.session_id,
    MIN(events.occurred_at) AS begun_at,
    MAX(CASE WHEN events.event_type = 'add_to_cart' THEN 1 ELSE 0 END) AS carts
  FROM (${asOf(ref("silver", "clickstream_events_versions"), CLICK, "event_id", first, ["occurred_at", "ingested_at"])}
  ) AS events
  JOIN visitors ON visitors.visitor_token = events.visitor_token
  GROUP BY visitors.customer_id, events.session_id
),
browsing AS (
  SELECT
    customers.customer_id,
    ${[7, 30, 90].map((length) => `${within("begun_at", length)} AS sessions_${length}d`).join(",\n    ")},
    COUNT(*) AS sessions_total,
    COUNTIF(begun_at > last_order_at) AS sessions_since_last_order,
    MAX(begun_at) AS last_session_at,
    SUM(carts) AS count_carts
  FROM known_sessions
  JOIN customers ON customers.customer_id = known_sessions.customer_id
  GROUP BY customers.customer_id
)`;

const ROUND = ["event_id", "startup_id", "stage", "event_type", "occurred_at"];

const funding = (ref) => `
known_events AS (
  SELECT
    startup_id, stage, event_type, occurred_at,
    ROW_NUMBER() OVER (PARTITION BY startup_id ORDER BY occurred_at DESC, event_id DESC) AS newest
  FROM (${asOf(ref("silver", "startup_events_versions"), ROUND, "event_id", first, ["occurred_at", "ingested_at"])}
  )
  WHERE ${canary.excluded("startup_id")}
),
funding AS (
  SELECT
    startup_id,
    MAX(CASE WHEN newest = 1 THEN stage END) AS stage,
    MAX(CASE WHEN event_type = 'funding_round' THEN occurred_at END) AS funded_at
  FROM known_events
  GROUP BY startup_id
)`;

/** What an order's newest version says counts, whenever it came: a label is about the future. */
const buyers = (ref) => `
buyers AS (
  SELECT DISTINCT customer_id
  FROM (
    SELECT customer_id, ordered_at, ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY ${newest}) AS version_number
    FROM ${ref("silver", "orders_versions")}
    WHERE batch <= ${batch.number()}
  ) CROSS JOIN cutoff
  WHERE version_number = 1
    AND ordered_at > cutoff.cutoff_at
    AND ordered_at <= TIMESTAMP_ADD(cutoff.cutoff_at, INTERVAL 90 DAY)
)`;

const measures = `
  customers.customer_id,
  customers.cutoff_at,
  customers.count_orders - 1 AS frequency,
  ${days("last_order_at", "first_order_at")} AS recency_days,
  ${days("customers.cutoff_at", "first_order_at")} AS age_days,
  orders_30d,
  orders_90d,
  net_cents_total,
  net_cents_total / count_in_currency AS net_cents_mean,
  discount_rate_millionths / count_orders / 1000000 AS discount_rate_mean,
  IFNULL(sessions_7d, 0) AS sessions_7d,
  IFNULL(sessions_30d, 0) AS sessions_30d,
  IFNULL(sessions_90d, 0) AS sessions_90d,
  IFNULL(sessions_total, 0) AS sessions_total,
  IFNULL(sessions_since_last_order, 0) AS sessions_since_last_order,
  ${days("customers.cutoff_at", "last_order_at")} AS days_since_last_order,
  ${days("customers.cutoff_at", "last_session_at")} AS days_since_last_session,
  IFNULL(count_carts / sessions_total, 0) AS cart_rate,
  IFNULL(funding.stage, 'unknown') AS stage,
  ${days("customers.cutoff_at", "funded_at")} AS days_since_funding`;

/** One row per customer as of `cutoff`, a column of features.cutoffs. Rows of later batches do not exist for it. */
const select = (ref, cutoff, labelled) => `WITH cutoff AS (
  SELECT ${cutoff} AS cutoff_at FROM ${ref("features", "cutoffs")} WHERE batch = ${batch.number()}
),${orders(ref)},${sessions(ref)},${funding(ref)}${labelled ? `,${buyers(ref)}` : ""}
SELECT
  ${batch.number()} AS batch,${measures}${labelled ? ",\n  CASE WHEN buyers.customer_id IS NULL THEN 0 ELSE 1 END AS label" : ""}
FROM customers
LEFT JOIN browsing ON browsing.customer_id = customers.customer_id
LEFT JOIN funding ON funding.startup_id = customers.startup_id${labelled ? "\nLEFT JOIN buyers ON buyers.customer_id = customers.customer_id" : ""}`;

const exported = (table, part, labelled) => `EXPORT DATA OPTIONS (
  uri = '${batch.snapshotUri()}${part}-*.parquet',
  format = 'PARQUET',
  overwrite = true
) AS
SELECT ${names(labelled).join(", ")}
FROM ${table}
WHERE batch = ${batch.number()}
ORDER BY customer_id`;

/** One row: how many rows a part has and two fingerprints of them, which neither their order nor the batch's number changes. */
function digest(table, part, labelled) {
  const texts = names(labelled).map((name) => `IFNULL(CAST(${name} AS STRING), '')`);
  return `
  SELECT
    '${part}' AS part,
    COUNT(*) AS count_rows,
    IFNULL(BIT_XOR(FARM_FINGERPRINT(row_text)), 0) AS fingerprint,
    IFNULL(BIT_XOR(FARM_FINGERPRINT(CONCAT('~', row_text))), 0) AS second_fingerprint
  FROM (
    SELECT CONCAT(${texts.join(", '|', ")}) AS row_text
    FROM ${table}
    WHERE batch = ${batch.number()}
  )`;
}

module.exports = { columns, select, exported, digest };
