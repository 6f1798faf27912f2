CREATE MACRO bq_floor_div(n, d) AS (n - ((n % d) + d) % d) // d;
CREATE MACRO bq_micros(x) AS epoch_us(bq_timestamp(x));
CREATE MACRO bq_timestamp_diff(a, b, size) AS (bq_micros(a) - bq_micros(b)) // size;
CREATE MACRO bq_days(x) AS CAST(x AS DATE) - DATE '1970-01-01';
-- Day 3 of the epoch was a Sunday: `first` is 3 for Sunday, 4 for Monday and so on.
CREATE MACRO bq_weeks(x, first) AS bq_floor_div(bq_days(x) - first, 7);
CREATE MACRO bq_months(x) AS extract(year FROM x) * 12 + extract(month FROM x);
CREATE MACRO bq_week_start(x, first) AS DATE '1970-01-01' + CAST(bq_weeks(x, first) * 7 + first AS INTEGER);
CREATE MACRO bq_isoyear_start(x) AS bq_week_start(make_date(extract(isoyear FROM x), 1, 4), 4);
CREATE MACRO bq_week_of_year(x, first) AS
  (extract(doy FROM x) + 6 - (((bq_days(x) - first) % 7) + 7) % 7) // 7;
CREATE MACRO bq_date_series(first, last, step) AS
  list_transform(generate_series(CAST(first AS TIMESTAMP), CAST(last AS TIMESTAMP), step), lambda day: CAST(day AS DATE));
