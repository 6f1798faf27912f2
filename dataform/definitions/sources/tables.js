// The tables that runs write beside those that their actions are named after: known by name, so that a `ref` to one is no error.
// What reads one waits for the run's rows by a `ref` to the flow's silver table.

flows.names.forEach((flow) => tables.namesOf(flow).forEach((name) => declare(name)));
declare({ schema: "silver", name: "order_items" });

// A run of a flow that this project has not cannot be published: its compilation fails, and says so.
flows.ofRun();
