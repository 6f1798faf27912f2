// Column descriptions that more than one table carries.

const delivery = {
  _rescued: "What the contract does not foresee, as a JSON object of the source's own text; null without drift.",
  corrects_line: "Number of the quarantined line that the row corrects; null of any other row.",
  batch: "Batch that delivered the row.",
  source_uri: "Bronze object that delivered the row.",
  source_generation: "Generation of that object.",
  source_offset: "Where the row begins in it: a byte of the inflated stream, or a row of Parquet, from 0.",
  arrived_at: "When that generation of the object was created (UTC).",
  line_hash: "SHA-256 of the line, or of the row's fields, in lower hex."
};

const rejected = {
  flow: "Flow of the row.",
  batch: "Batch that delivered the row.",
  source_uri: "Bronze object the row is in, or would have been in.",
  source_generation: "Generation of that object.",
  line: "Line number, from 1; null of a row that broke a rule.",
  offset: "Where the row begins in the object.",
  code: "Why it was refused: a code of docs/codes.md, or the name of the rule that it broke.",
  field: "The field at fault, or null.",
  message: "The refusal in words.",
  raw: "The line, or the document or row as JSON.",
  line_hash: "SHA-256 of the line, of the document's id, or of the row's fields, in lower hex.",
  key: "Key of a row that broke a rule; null of one that landing refused."
};

const objects = {
  batch: "Batch that claimed the object.",
  epoch: "Epoch of the run that published it last.",
  flow: "Flow of the object.",
  uri: "URI of the object.",
  generation: "Generation of the object.",
  arrived_at: "When that generation was created (UTC).",
  dt: "First day of the slice of world time that the object holds.",
  count_rows: "Rows of the object, those in quarantine included.",
  count_quarantined: "Rows of it that landing put in quarantine.",
  count_forgotten: "Rows of it that were asked to be forgotten, or null.",
  checked_uri: "Its accepted rows as Parquet, or null.",
  quarantine_uri: "Where its quarantined rows are, or null.",
  corrects_uri: "The object whose quarantined lines it corrects, or null.",
  whole_at: "It is all that its flow had at that time: older rows of keys that it has not are deleted. Null for any other object.",
  whole_finding: "Why it deletes nothing all the same, or null."
};

const orderItems = {
  types: {
    order_id: "STRING",
    line_number: "INT64",
    order_date: "DATE",
    sku: "STRING",
    category: "STRING",
    quantity: "INT64",
    unit_price_cents: "INT64",
    gross_cents: "INT64",
    batch: "INT64",
    source_uri: "STRING"
  },
  texts: {
    order_id: "Order the line is part of.",
    line_number: "Position in the order, from 1.",
    order_date: "Day the order was placed (UTC).",
    sku: "Product.",
    category: "Category of the product.",
    quantity: "Units ordered.",
    unit_price_cents: "Price of a unit, in cents.",
    gross_cents: "Quantity times unit price, in cents.",
    batch: "Batch that delivered the order's current row.",
    source_uri: "Bronze object that delivered it."
  }
};

/** What SQLX takes as `columns`, as JavaScript's actions take it: a list, of each column and of those inside one. */
const list = (columns, path = []) => Object.entries(columns).flatMap(([name, said]) => [
  { path: [...path, name], description: typeof said === "string" ? said : said.description },
  ...(said.columns ? list(said.columns, [...path, name]) : []),
]);

module.exports = {
  list,
  orderItems,
  delivery,
  rejected,
  objects,
};
