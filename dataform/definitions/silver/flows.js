// What every flow has: the rows of a run's files in staging, and their publication into silver. A flow that says more of its silver
// has `definitions/silver/TABLE.sqlx` of its own, which publishes with the same script.

flows.names.forEach((flow) => {
  const { silver, grain, own_silver: own } = flows.get(flow);
  const common = { hasOutput: true, disabled: !batch.takes(flow), tags: [flow] };
  operate(batch.stagingName(flow), {
    ...common,
    dataset: "staging",
    description: `Grain: an accepted row of the run's files of ${flow}, before it is published.`,
    columns: described.list({ ...flows.descriptions(flow), broken_rule: "The first rule of the flow that the row breaks, or null." }),
  }).queries(staging.script(flow));
  if (!own) {
    operate(silver, {
      ...common,
      dataset: "silver",
      description: `Grain: ${grain} Of a key, its current row.`,
      columns: described.list(flows.descriptions(flow)),
    }).dependencies([batch.stagingName(flow), "create_tables"]).queries(publishing.script(flow));
  }
});
