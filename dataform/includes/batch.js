// The compiled batch, read from the compilation's vars when it is asked for, and checked before it becomes SQL.

function checked(name, pattern) {
  const value = String(dataform.projectConfig.vars[name]);
  if (!pattern.test(value)) {
    throw new Error(`Compilation var ${name} is ${JSON.stringify(value)}; it must match ${pattern}`);
  }
  return value;
}

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const number = () => checked("batch", /^\d{1,18}$/);
const bucket = (name) => checked(`${name}_bucket`, BUCKET);

/** WHERE terms that keep the batch's partitions of an external table. Constants, so that the scan prunes. */
const partitions = () => `dt BETWEEN DATE '${checked("dt_from", DATE)}' AND DATE '${checked("dt_to", DATE)}'`;

/** WHERE terms that keep the batch's objects of one flow, by `column` of the batch's file list. */
const objects = (ref, flow, column) =>
  `${partitions()}
    AND _FILE_NAME IN (
      SELECT ${column} FROM ${ref("ops", "batch_files")} WHERE batch = ${number()} AND flow = '${flow}')`;

/** What makes an incremental table idempotent: the batch's earlier rows go before its rows come. */
const forget = (self) => `DELETE FROM ${self} WHERE batch = ${number()}`;

const snapshotUri = () => `gs://${bucket("features")}/snapshots/batch=${number()}/`;

module.exports = { number, bucket, partitions, objects, forget, snapshotUri };
