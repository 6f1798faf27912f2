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
-- The years 1 to 9999, which DuckDB goes beyond. A failing cast, since TRY() does not catch error().
CREATE MACRO bq_year_in_range(x) AS x IS NULL OR extract(year FROM x) BETWEEN 1 AND 9999;
CREATE MACRO bq_date_in_range(x) AS list_transform([CAST(x AS DATE)], lambda v:
  CASE WHEN bq_year_in_range(v) THEN v ELSE CAST('Out of range: ' || v AS DATE) END)[1];
CREATE MACRO bq_datetime_in_range(x) AS list_transform([CAST(x AS TIMESTAMP)], lambda v:
  CASE WHEN bq_year_in_range(v) THEN v ELSE CAST('Out of range: ' || v AS TIMESTAMP) END)[1];
CREATE MACRO bq_timestamp_in_range(x) AS list_transform([CAST(x AS TIMESTAMPTZ)], lambda v:
  CASE WHEN bq_year_in_range(v) THEN v ELSE CAST('Out of range: ' || v AS TIMESTAMPTZ) END)[1];
-- A function of one kind of date or time; of another, BigQuery answers in that one's type, which is not served.
CREATE MACRO bq_date_only(x) AS CASE WHEN typeof(x) LIKE 'TIMESTAMP%' THEN error('Unsupported: a DATE function of a ' || typeof(x)) ELSE bq_date(x) END;
CREATE MACRO bq_datetime_only(x) AS CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE'
  THEN error('Unsupported: a DATETIME function of a ' || typeof(x)) ELSE bq_datetime(x) END;
CREATE MACRO bq_timestamp_only(x) AS CASE WHEN typeof(x) IN ('DATE', 'TIMESTAMP')
  THEN error('Unsupported: a TIMESTAMP function of a DATE or DATETIME') ELSE bq_timestamp(x) END;
CREATE MACRO bq_time_only(x) AS bq_time(x);
CREATE MACRO bq_not_date(x) AS CASE WHEN typeof(x) = 'DATE' THEN error('EXTRACT from DATE does not support parts of a time') ELSE x END;
CREATE MACRO bq_series(first, last, step) AS CASE WHEN step = 0 THEN error('Sequence step cannot be 0.')
  ELSE generate_series(first, last, step) END;
