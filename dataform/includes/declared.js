// Made from flows/*.yaml: change those. `make docs` writes it here, and a deployment makes it again.

module.exports = {
  "clickstream": {
    "silver": "clickstream_events",
    "grain": "An event of a visitor on the site.",
    "key": "event_id",
    "key_fields": [
      "event_id"
    ],
    "change": "append",
    "version": null,
    "time": {
      "field": "occurred_at",
      "column": "occurred_date",
      "grain": "day"
    },
    "cluster": [
      "visitor_token",
      "session_id"
    ],
    "sources": {},
    "is_exported": false,
    "columns": {
      "event_id": "STRING",
      "session_id": "STRING",
      "visitor_token": "STRING",
      "occurred_at": "TIMESTAMP",
      "ingested_at": "TIMESTAMP",
      "event_type": "STRING",
      "sequence": "INT64",
      "page": "STRING",
      "product_id": "STRING",
      "referrer": "STRING",
      "device": "STRING",
      "dwell_ms": "INT64",
      "ip_prefix": "STRING"
    },
    "rules": {},
    "texts": {
      "event_id": "Event's id.",
      "session_id": "Session the event is part of.",
      "visitor_token": "Token of the visitor's customer id.",
      "occurred_at": "When it happened (UTC).",
      "ingested_at": "When the source recorded it (UTC).",
      "event_type": "page_view, product_view, add_to_cart or checkout.",
      "sequence": "Position in the session, from 0.",
      "page": "Path of the page.",
      "product_id": "Product shown, or null.",
      "referrer": "Where the visitor came from.",
      "device": "desktop, mobile or tablet.",
      "dwell_ms": "Time on the page, in milliseconds.",
      "ip_prefix": "Truncated address."
    }
  },
  "sales": {
    "silver": "orders",
    "grain": "An order.",
    "key": "order_id",
    "key_fields": [
      "order_id"
    ],
    "change": "upsert",
    "version": "updated_at",
    "time": {
      "field": "ordered_at",
      "column": "order_date",
      "grain": "day"
    },
    "cluster": [
      "customer_id"
    ],
    "sources": {},
    "is_exported": true,
    "columns": {
      "order_id": "STRING",
      "batch_id": "STRING",
      "customer_id": "STRING",
      "visitor_token": "STRING",
      "email_token": "STRING",
      "phone_token": "STRING",
      "startup_id": "STRING",
      "ordered_at": "TIMESTAMP",
      "ingested_at": "TIMESTAMP",
      "updated_at": "TIMESTAMP",
      "customer_acquired_at": "TIMESTAMP",
      "status": "STRING",
      "currency": "STRING",
      "country": "STRING",
      "items": "ARRAY<STRUCT<`sku` STRING, `category` STRING, `quantity` INT64, `unit_price_cents` INT64>>",
      "item_count": "INT64",
      "basket_size": "INT64",
      "gross_cents": "INT64",
      "discount_cents": "INT64",
      "discount_rate": "FLOAT64",
      "tax_cents": "INT64",
      "shipping_cents": "INT64",
      "net_cents": "INT64",
      "payment_method": "STRING",
      "payment_category": "STRING",
      "is_weekend": "BOOL",
      "is_first_order": "BOOL",
      "customer_age_days": "FLOAT64"
    },
    "rules": {
      "net_adds_up": "net_cents = gross_cents - discount_cents + tax_cents + shipping_cents",
      "discount_within_gross": "discount_cents BETWEEN 0 AND gross_cents",
      "items_counted": "item_count = ARRAY_LENGTH(items)"
    },
    "texts": {
      "order_id": "Order's id.",
      "batch_id": "Id of the generator's or the export's batch.",
      "customer_id": "Customer's id.",
      "visitor_token": "Token of the customer's id: the same the clickstream carries.",
      "email_token": "Token of the e-mail address.",
      "phone_token": "Token of the phone number.",
      "startup_id": "Startup the customer works at.",
      "ordered_at": "When the order was placed (UTC).",
      "ingested_at": "When the source recorded it (UTC).",
      "updated_at": "When the document last changed (UTC).",
      "customer_acquired_at": "When the customer first ordered (UTC).",
      "status": "paid or refunded.",
      "currency": "ISO 4217 currency of every amount.",
      "country": "ISO 3166 country of the customer.",
      "items": {
        "description": "The order's lines.",
        "columns": {
          "sku": "Product.",
          "category": "Category of the product.",
          "quantity": "Units ordered.",
          "unit_price_cents": "Price of a unit, in cents."
        }
      },
      "item_count": "Lines of the order.",
      "basket_size": "Units over all lines.",
      "gross_cents": "Sum of quantity times unit price, in cents.",
      "discount_cents": "Discount, in cents.",
      "discount_rate": "Discount as a share of gross, 0 to 1.",
      "tax_cents": "Tax, in cents.",
      "shipping_cents": "Shipping, in cents.",
      "net_cents": "Gross less discount plus tax and shipping, in cents.",
      "payment_method": "How it was paid.",
      "payment_category": "card, wallet or account.",
      "is_weekend": "Placed on a Saturday or Sunday (UTC).",
      "is_first_order": "The customer's first order.",
      "customer_age_days": "Days since the customer was acquired."
    },
    "own_silver": true
  },
  "startups": {
    "silver": "startup_events",
    "grain": "An event in a startup's life: founded, or a funding round.",
    "key": "event_id",
    "key_fields": [
      "event_id"
    ],
    "change": "append",
    "version": null,
    "time": {
      "field": "occurred_at",
      "column": "occurred_date",
      "grain": "month"
    },
    "cluster": [
      "startup_id"
    ],
    "sources": {},
    "is_exported": false,
    "columns": {
      "event_id": "STRING",
      "startup_id": "STRING",
      "event_type": "STRING",
      "occurred_at": "TIMESTAMP",
      "ingested_at": "TIMESTAMP",
      "name": "STRING",
      "sector": "STRING",
      "country": "STRING",
      "founded_date": "DATE",
      "stage": "STRING",
      "amount_cents": "INT64",
      "currency": "STRING",
      "investors": "ARRAY<STRING>",
      "employee_count": "INT64"
    },
    "rules": {},
    "texts": {
      "event_id": "Event's id.",
      "startup_id": "Startup's id.",
      "event_type": "founded or funding_round.",
      "occurred_at": "When it happened (UTC).",
      "ingested_at": "When the source recorded it (UTC).",
      "name": "Startup's name.",
      "sector": "Startup's sector.",
      "country": "ISO 3166 country.",
      "founded_date": "Day the startup was founded.",
      "stage": "Funding stage after the event.",
      "amount_cents": "Amount raised, in cents; 0 when founded.",
      "currency": "ISO 4217 currency of the amount.",
      "investors": "Investors of the round.",
      "employee_count": "Employees at the event."
    }
  }
};
