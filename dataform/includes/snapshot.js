// What a training snapshot holds: the features of every customer acquired before a cutoff, as they were known at it.

const batch = require("includes/batch");
const canary = require("includes/canary");
const flows = require("includes/flows");
const publishing = require("includes/publishing");

const FEATURES = {
  customer_id: "Customer the row is about.",
  cutoff_at: "Moment the features are as of (UTC, a midnight).",
  frequency: "Repeat orders: orders before the cutoff, less the first.",
  recency_days: "Days from the first order to the last before the cutoff.",
  age_days: "Days from the first order to the cutoff.",
  orders_30d: "Orders in the 30 days before the cutoff.",
  orders_90d: "Orders in the 90 days before the cutoff.",
  net_cents_total: "Net value of the orders before the cutoff in the currency of the last of them, in cents.",
  net_cents_mean: "Mean net value of an order before the cutoff in the currency of the last, in cents.",
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
/** A WHERE term: the version was there at the cutoff. What came later, a refund say, is not known yet. */
const known = ({ at, version }) =>
  [at, version, "ingested_at"].filter((name) => name).map((name) => `${name} < cutoff.cutoff_at`).join(" AND ");

/** Of each key the version that is current among those of batches up to this one that `term` keeps. Later batches change nothing. */
function versions(ref, flow, columns, term) {
  const { silver, key } = flows.get(flow);
  ref("silver", silver); // Waits for the run's own rows.
  return `(
    SELECT ${columns}
    FROM (
      SELECT ${columns},
        ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${publishing.precedence(flows.get(flow))}) AS place
      FROM ${ref("silver", `${silver}_versions`)} CROSS JOIN cutoff
      WHERE batch <= ${batch.number()} AND ${term}
    )
    WHERE place = 1
  )`;
}

const ORDER = "customer_id, visitor_token, startup_id, order_id, ordered_at, net_cents, discount_rate, currency";
const EVENT = "event_id, startup_id, stage, event_type, occurred_at";

const orders = (ref) => `
known_orders AS (
  SELECT
    customer_id, visitor_token, startup_id, order_id, ordered_at, net_cents, discount_rate, cutoff.cutoff_at,
    currency = FIRST_VALUE(currency) OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC) AS in_currency,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC) AS newest
  FROM ${versions(ref, "sales", ORDER, known({ at: "ordered_at", version: "updated_at" }))} CROSS JOIN cutoff
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
    SUM(CASE WHEN in_currency THEN net_cents END) AS net_cents_total,
    COUNTIF(in_currency) AS count_in_currency,
    -- Summed in millionths: a sum of floats depends on the order of its rows, and the snapshot's hash must not.
    SUM(CAST(ROUND(discount_rate * 1000000) AS INT64)) AS discount_rate_millionths
  FROM known_orders
  GROUP BY customer_id, cutoff_at
)`;

const sessions = (ref) => `
visitors AS (SELECT DISTINCT customer_id, visitor_token FROM known_orders),
known_sessions AS (
  SELECT
    visitors.customer_id,
    events.session_id,
    MIN(events.occurred_at) AS begun_at,
    MAX(CASE WHEN events.event_type = 'add_to_cart' THEN 1 ELSE 0 END) AS carts
  FROM (
    SELECT visitor_token, session_id, occurred_at, event_type
    FROM ${versions(ref, "clickstream", "visitor_token, session_id, occurred_at, event_type", known({ at: "occurred_at" }))}
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

const funding = (ref) => `
known_events AS (
  SELECT
    startup_id, stage, event_type, occurred_at,
    ROW_NUMBER() OVER (PARTITION BY startup_id ORDER BY occurred_at DESC, event_id DESC) AS newest
  FROM ${versions(ref, "startups", EVENT, `${known({ at: "occurred_at" })} AND ${canary.excluded("startup_id")}`)}
),
funding AS (
  SELECT
    startup_id,
    MAX(CASE WHEN newest = 1 THEN stage END) AS stage,
    MAX(CASE WHEN event_type = 'funding_round' THEN occurred_at END) AS funded_at
  FROM known_events
  GROUP BY startup_id
)`;

const buyers = (ref) => `
buyers AS (
  SELECT DISTINCT customer_id
  FROM ${versions(ref, "sales", "customer_id, ordered_at", "TRUE")} CROSS JOIN cutoff
  WHERE ordered_at > cutoff.cutoff_at AND ordered_at <= TIMESTAMP_ADD(cutoff.cutoff_at, INTERVAL 90 DAY)
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

const last = (ref, flow, at, term) => {
  const { silver } = flows.get(flow);
  ref("silver", silver); // Waits for the run's own rows.
  return `SELECT MAX(${at}) AS event_at FROM ${ref("silver", `${silver}_versions`)}
    WHERE batch <= ${batch.number()} AND ${at} <= TIMESTAMP_ADD(arrived_at, INTERVAL ${batch.slackDays()} DAY) AND ${term}`;
};

/** The last plausible event of each flow, over the versions of batches up to this one. One odd row must not move every cutoff. */
const ends = (ref) => [
  last(ref, "sales", "ordered_at", "TRUE"),
  last(ref, "clickstream", "occurred_at", "TRUE"),
  last(ref, "startups", "occurred_at", canary.excluded("startup_id")),
].join("\n    UNION ALL\n    ");

module.exports = { ends, columns, select, exported, digest };
