// Column descriptions that more than one table carries.

const sales = {
  order_id: "Order's id.",
  batch_id: "Id of the generator's or the export's batch.",
  customer_id: "Customer's id.",
  visitor_token: "Token of the customer's id: the same the clickstream carries.",
  email_token: "Token of the e-mail address.",
  phone_token: "Token of the phone number.",
  startup_id: "Startup the customer works at.",
  ordered_at: "When the order was placed (UTC).",
  ingested_at: "When the source recorded it (UTC).",
  updated_at: "When the document last changed (UTC).",
  customer_acquired_at: "When the customer first ordered (UTC).",
  status: "paid or refunded.",
  currency: "ISO 4217 currency of every amount.",
  country: "ISO 3166 country of the customer.",
  items: {
    description: "The order's lines.",
    columns: {
      sku: "Product.",
      category: "Category of the product.",
      quantity: "Units ordered.",
      unit_price_cents: "Price of a unit, in cents."
    }
  },
  item_count: "Lines of the order.",
  basket_size: "Units over all lines.",
  gross_cents: "Sum of quantity times unit price, in cents.",
  discount_cents: "Discount, in cents.",
  discount_rate: "Discount as a share of gross, 0 to 1.",
  tax_cents: "Tax, in cents.",
  shipping_cents: "Shipping, in cents.",
  net_cents: "Gross less discount plus tax and shipping, in cents.",
  payment_method: "How it was paid.",
  payment_category: "card, wallet or account.",
  is_weekend: "Placed on a Saturday or Sunday (UTC).",
  is_first_order: "The customer's first order.",
  customer_age_days: "Days since the customer was acquired.",
  order_date: "Day the order was placed (UTC)."
};

const clickstream = {
  event_id: "Event's id.",
  session_id: "Session the event is part of.",
  visitor_token: "Token of the visitor's customer id.",
  occurred_at: "When it happened (UTC).",
  ingested_at: "When the source recorded it (UTC).",
  occurred_date: "Day it happened (UTC).",
  event_type: "page_view, product_view, add_to_cart or checkout.",
  sequence: "Position in the session, from 0.",
  page: "Path of the page.",
  product_id: "Product shown, or null.",
  referrer: "Where the visitor came from.",
  device: "desktop, mobile or tablet.",
  dwell_ms: "Time on the page, in milliseconds.",
  ip_prefix: "Truncated address."
};

const startups = {
  event_id: "Event's id.",
  startup_id: "Startup's id.",
  event_type: "founded or funding_round.",
  occurred_at: "When it happened (UTC).",
  ingested_at: "When the source recorded it (UTC).",
  occurred_date: "Day it happened (UTC).",
  name: "Startup's name.",
  sector: "Startup's sector.",
  country: "ISO 3166 country.",
  founded_date: "Day the startup was founded.",
  stage: "Funding stage after the event.",
  amount_cents: "Amount raised, in cents; 0 when founded.",
  currency: "ISO 4217 currency of the amount.",
  investors: "Investors of the round.",
  employee_count: "Employees at the event."
};

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

module.exports = {
  sales,
  orderItems,
  clickstream,
  startups,
  delivery,
  rejected,
  objects,
};
