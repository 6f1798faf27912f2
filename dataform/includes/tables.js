// The tables of a flow that runs write, as they are created: each once, whatever the run has files of.

const described = require("includes/described");
const flows = require("includes/flows");
const { text } = require("includes/literals");

/** One CREATE TABLE IF NOT EXISTS, and what a table that was made before has not yet. `columns`: name to type; `texts`: what is said of each; `layout`: its PARTITION and CLUSTER BY. */
function create(name, columns, texts, description, layout = "") {
  const lines = Object.entries(columns).map(([column, type]) => {
    const said = typeof texts[column] === "string" ? texts[column] : texts[column].description;
    return `  \`${column}\` ${type} OPTIONS(description=${text(said)})`;
  });
  return `CREATE TABLE IF NOT EXISTS ${name} (
${lines.join(",\n")}
)${layout}
OPTIONS(description=${text(description)});

ALTER TABLE ${name}
${lines.map((line) => `  ADD COLUMN IF NOT EXISTS ${line.trim()}`).join(",\n")}`;
}

const REJECTED = {
  flow: "STRING",
  batch: "INT64",
  source_uri: "STRING",
  source_generation: "INT64",
  line: "INT64",
  offset: "INT64",
  code: "STRING",
  field: "STRING",
  message: "STRING",
  raw: "STRING",
  line_hash: "STRING",
  key: "STRING",
};

const OBJECTS = {
  batch: "INT64",
  epoch: "INT64",
  flow: "STRING",
  uri: "STRING",
  generation: "INT64",
  arrived_at: "TIMESTAMP",
  dt: "DATE",
  count_rows: "INT64",
  count_quarantined: "INT64",
  count_forgotten: "INT64",
  checked_uri: "STRING",
  quarantine_uri: "STRING",
  corrects_uri: "STRING",
  whole_at: "TIMESTAMP",
  whole_finding: "STRING",
};

const DAYS = "Days of the events that it delivered, which a run that takes it back recomputes.";

/** Every table of a flow. The fence comes with its one row, in one statement: two runs that both make it make one row. */
function ofFlow(flow) {
  const { silver, key, partition, cluster } = flows.get(flow);
  const columns = flows.silverColumns(flow);
  const texts = flows.descriptions(flow);
  const by = (names) => `\nPARTITION BY ${partition}\nCLUSTER BY ${names.join(", ")}`;
  return [
    create(flows.versions(flow), columns, texts, `Grain: an accepted row of ${flow}, as an object delivered it.`, by([key])),
    create(flows.current(flow), columns, texts, `Grain: a key of ${flow}, by its current row: see silver.${silver}_versions.`, by(cluster)),
    create(flows.rejected(flow), REJECTED, described.rejected, `Grain: a refused row of ${flow}.`, "\nCLUSTER BY source_uri"),
    create(
      flows.objects(flow),
      { ...OBJECTS, days: "ARRAY<DATE>" },
      { ...described.objects, days: DAYS },
      `Grain: a landed generation of an object of ${flow}.`,
      "\nCLUSTER BY uri",
    ),
    create(flows.touched(flow), { day: "DATE" }, { day: "Day of the events." }, `Grain: a day of ${flow} that changed and that gold has not taken up.`),
    `CREATE TABLE IF NOT EXISTS ${flows.fence(flow)} AS SELECT 0 AS epoch`,
  ].join(";\n\n");
}

/** The names of those tables and of what a flow has beside them, as `{schema, name}`. */
const namesOf = (flow) => {
  const { silver } = flows.get(flow);
  return [
    { schema: "silver", name: `${silver}_versions` },
    { schema: "silver", name: `${silver}_rejected` },
    { schema: "ops", name: `${silver}_objects` },
    { schema: "ops", name: `touched_${flow}` },
    { schema: "ops", name: `fence_${flow}` },
  ];
};

module.exports = { create, ofFlow, namesOf, REJECTED, OBJECTS };
