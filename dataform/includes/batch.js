// The compiled run, read from the compilation's vars when it is asked for, and checked before it becomes SQL.
// A run is (batch, epoch, part): what it reads, and its staging tables, bear all three.

function checked(name, pattern) {
  const value = String(dataform.projectConfig.vars[name]);
  if (!pattern.test(value)) {
    throw new Error(`Compilation var ${name} is ${JSON.stringify(value)}; it must match ${pattern}`);
  }
  return value;
}

const NUMBER = /^\d{1,18}$/;
const NAMES = /^([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?$/;
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}$/;
const PROJECT = /^[a-z][a-z0-9:.-]{4,60}$/;

const number = () => checked("batch", NUMBER);
const epoch = () => checked("epoch", NUMBER);
const part = () => checked("part", NUMBER);
const bucket = (name) => checked(`${name}_bucket`, BUCKET);

const names = (name) => checked(name, NAMES).split(",").filter((item) => item);

/** Whether what the run publishes of tried files is rolled back: it is to show whether the SQL works, and leaves no trace of them. */
const isTrial = () => checked("trial", /^(true)?$/) === "true";

/**
 * Whether the run has files of a flow; `checked` and `quarantined`: whether any of them has accepted, or refused, rows;
 * `forgotten`: whether keys of the flow are forgotten.
 */
const takes = (flow) => names("flows").includes(flow);
const hasChecked = (flow) => names("checked").includes(flow);
const hasForgotten = (flow) => names("forgotten").includes(flow);
const hasQuarantined = (flow) => names("quarantined").includes(flow);

/** The full name of a table, quoted. What a `ref` says as well, but without waiting for anything. */
const table = (schema, name) => `\`${checked("project", PROJECT)}.${schema}.${name}\``;

/** The name of one of the run's own tables in `staging`. */
const stagingName = (name) => `${name}__b${number()}_e${epoch()}_p${part()}`;
const staging = (name) => table("staging", stagingName(name));

/** Where the run's lists are, in the bucket of each: control, checked and quarantine. */
const folder = () => `batch=${number()}/epoch=${epoch()}/part=${part()}`;

/** What makes an incremental table idempotent: the batch's earlier rows go before its rows come. */
const forget = (self) => `DELETE FROM ${self} WHERE batch = ${number()}`;

/** One row: the epoch of the newest run that has begun. Its first action raises it; an older one stops at its next statement. */
const fence = () => table("ops", "fence_run");
const isNewest = () => `ASSERT (SELECT epoch FROM ${fence()}) = ${epoch()} AS 'A newer run than epoch ${epoch()} has begun'`;

/** The statements that raise it. A run of an older epoch changes nothing and fails. */
const raiseFence = () => `CREATE TABLE IF NOT EXISTS ${fence()} AS SELECT 0 AS epoch;

UPDATE ${fence()} SET epoch = ${epoch()} WHERE epoch <= ${epoch()};

${isNewest()}`;

/** How far past its arrival an event may lie, in days: not under what landing allows. */
const slackDays = () => checked("event_slack_days", /^\d{1,4}$/);

const snapshotUri = () => `gs://${bucket("features")}/snapshots/batch=${number()}/epoch=${epoch()}/`;

module.exports = {
  number, epoch, part, isTrial, bucket, names, takes, hasChecked, hasQuarantined, hasForgotten, table, stagingName, staging, folder, forget, isNewest, raiseFence, slackDays, snapshotUri,
};
