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
  customer_age_days: "Days since the customer was acquired."
};

const delivery = {
  batch: "Batch that delivered the row.",
  source_uri: "Bronze object that delivered the row.",
  line_hash: "SHA-256 of the line, or of the document's columns, in lower hex."
};

const rescued = { _rescued: "What the contract does not foresee, as a JSON object of the source's own text; null without drift." };

/** Row conditions: a column that may widen has a value, or the value it could not hold is in `_rescued`. */
const held = (names) => names.map((name) => `${name} IS NOT NULL OR JSON_QUERY(_rescued, '$.${name}') IS NOT NULL`);

module.exports = { sales, delivery, rescued, held };
