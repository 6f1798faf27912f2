-- Beyond a double's range: an error in GoogleSQL, infinity in DuckDB. Infinity times a number is refused with it.
-- The lambda names a value that is written once: a macro repeats its argument, and binding it takes time.
CREATE MACRO bq_finite_product(r) AS list_transform([r], lambda v: CASE WHEN typeof(v) = 'DOUBLE' AND isinf(TRY_CAST(v AS DOUBLE))
  THEN v + 1 % CAST(isfinite(TRY_CAST(v AS DOUBLE)) AS BIGINT) ELSE v END)[1];
CREATE MACRO bq_is_nan(x) AS typeof(x) = 'DOUBLE' AND coalesce(isnan(TRY_CAST(x AS DOUBLE)), false);
CREATE MACRO bq_least(lowest, highest) AS list_transform([highest], lambda v: CASE WHEN bq_is_nan(v) THEN v ELSE lowest END)[1];
CREATE MACRO bq_range_bucket(x, bounds) AS
  CASE WHEN x IS NOT NULL AND NOT bq_is_nan(x) THEN len(list_filter(bounds, lambda bound: bound <= x)) END;
-- `1 % 0` is the one division error that TRY() can still turn into NULL: error() is volatile.
CREATE MACRO bq_div(a, b) AS CASE WHEN b = 0 THEN CAST(1 % CAST(b AS BIGINT) AS DOUBLE)
  ELSE bq_finite_product(CAST(a AS DOUBLE) / CAST(b AS DOUBLE)) END;
CREATE MACRO bq_mul(a, b) AS a * b;
CREATE MACRO bq_safe_divide(a, b) AS CASE WHEN b <> 0 AND NOT isinf(CAST(a AS DOUBLE) / CAST(b AS DOUBLE))
  THEN CAST(a AS DOUBLE) / CAST(b AS DOUBLE) END;
CREATE MACRO bq_average(total, number) AS CASE WHEN number > 0 THEN bq_finite_product(CAST(total AS DOUBLE)) / number END;
-- The product with a power of ten is rounded to a double; where that lands on a half, the part it lost decides (4.35 is less).
CREATE MACRO bq_lost(x, m) AS
  ((x * 134217729 - (x * 134217729 - x)) * m - x * m) + (x - (x * 134217729 - (x * 134217729 - x))) * m;
CREATE MACRO bq_round_product(x, m) AS
  CASE WHEN abs(x * m - trunc(x * m)) = 0.5 AND bq_lost(x, m) * sign(x) < 0 THEN trunc(x * m) ELSE round(x * m) END;
CREATE MACRO bq_round(x, n := 0) AS CASE WHEN n BETWEEN 1 AND 8 AND abs(CAST(x AS DOUBLE)) < 1e15
  THEN bq_round_product(CAST(x AS DOUBLE), pow(10, n)) / pow(10, n)
  ELSE round(CAST(x AS DOUBLE), CAST(n AS INTEGER)) END;
CREATE MACRO bq_intdiv(a, b) AS a // b;
CREATE MACRO bq_shift_right(a, b) AS CASE WHEN a < 0 THEN error('>> of a negative number is not supported') ELSE a >> b END;
CREATE MACRO bq_trunc(x, n := 0) AS trunc(CAST(x AS DOUBLE) * pow(10, n)) / pow(10, n);
CREATE MACRO bq_ceil(x) AS ceil(CAST(x AS DOUBLE));
CREATE MACRO bq_floor(x) AS floor(CAST(x AS DOUBLE));
CREATE MACRO bq_sign(x) AS CASE WHEN x = 0 THEN x - x WHEN bq_is_nan(x) THEN x WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 END;
-- A function whose result is not finite though its argument is: an error in GoogleSQL, inf or NaN in DuckDB.
CREATE MACRO bq_finite(result, x) AS
  CASE WHEN typeof(x) LIKE 'DECIMAL%' THEN error('Unsupported: this function of a NUMERIC')
    WHEN isfinite(result) OR NOT isfinite(CAST(x AS DOUBLE)) THEN result ELSE result + 1 % (CAST(x AS BIGINT) * 0) END;
CREATE MACRO bq_ieee_divide(a, b) AS CASE WHEN b = 0 THEN CASE WHEN a = 0 OR isnan(CAST(a AS DOUBLE))
  THEN CAST('nan' AS DOUBLE) WHEN a > 0 THEN CAST('inf' AS DOUBLE) ELSE CAST('-inf' AS DOUBLE) END
  ELSE CAST(a AS DOUBLE) / CAST(b AS DOUBLE) END;

-- The same where NUMERIC is in play: chosen by argument type, exact, nine digits, half away from zero.
CREATE MACRO bqn_nanos(x) AS CAST(replace(CAST(CAST(x AS DECIMAL(38, 9)) AS VARCHAR), '.', '') AS HUGEINT);
CREATE MACRO bqn_of_nanos(x) AS CAST(CASE WHEN x < 0 THEN '-' ELSE '' END ||
  regexp_replace(lpad(CAST(abs(x) AS VARCHAR), CAST(greatest(10, length(CAST(abs(x) AS VARCHAR))) AS INTEGER), '0'), '(\d{9})$', '.\1')
  AS DECIMAL(38, 9));
CREATE MACRO bqn_rounded(n, d) AS (2 * abs(n) + abs(d)) // (2 * abs(d)) * CASE WHEN (n < 0) = (d < 0) THEN 1 ELSE -1 END;
CREATE MACRO bqn_ratio(a, b) AS bqn_of_nanos(bqn_rounded(bqn_nanos(a) * CAST(1000000000 AS HUGEINT), bqn_nanos(b)));
CREATE MACRO bqn_div
  (a BIGINT, b BIGINT) AS bq_div(a, b),
  (a DOUBLE, b DOUBLE) AS bq_div(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS CASE WHEN b = 0 THEN CAST(1 % CAST(b AS BIGINT) AS DECIMAL(38, 9))
    ELSE bqn_ratio(a, b) END;
CREATE MACRO bqn_mul
  (a BIGINT, b BIGINT) AS a * b,
  (a DOUBLE, b DOUBLE) AS a * b,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS
    bqn_of_nanos(bqn_rounded(bqn_nanos(a) * bqn_nanos(b), CAST(1000000000 AS HUGEINT)));
CREATE MACRO bqn_intdiv
  (a BIGINT, b BIGINT) AS a // b,
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS CAST(trunc(bqn_ratio(a, b)) AS DECIMAL(38, 9));
CREATE MACRO bqn_safe_divide
  (a BIGINT, b BIGINT) AS bq_safe_divide(a, b),
  (a DOUBLE, b DOUBLE) AS bq_safe_divide(a, b),
  (a DECIMAL(38, 9), b DECIMAL(38, 9)) AS CASE WHEN b <> 0 THEN bqn_ratio(a, b) END;
CREATE MACRO bqn_average
  (total DOUBLE, number BIGINT) AS bq_average(total, number),
  (total HUGEINT, number BIGINT) AS bq_average(total, number),
  (total DECIMAL(38, 9), number BIGINT) AS CASE WHEN number > 0 THEN bqn_ratio(total, number) END;
CREATE MACRO bqn_round
  (x BIGINT, n := 0) AS bq_round(x, n),
  (x DOUBLE, n := 0) AS bq_round(x, n),
  (x DECIMAL(38, 9), n := 0) AS bqn_of_nanos(bqn_rounded(bqn_nanos(x), CAST(pow(10, 9 - n) AS HUGEINT))
    * CAST(pow(10, 9 - n) AS HUGEINT));
CREATE MACRO bqn_trunc
  (x BIGINT, n := 0) AS bq_trunc(x, n),
  (x DOUBLE, n := 0) AS bq_trunc(x, n),
  (x DECIMAL(38, 9), n := 0) AS bqn_of_nanos(bqn_nanos(x) // CAST(pow(10, 9 - n) AS HUGEINT) * CAST(pow(10, 9 - n) AS HUGEINT));
CREATE MACRO bqn_ceil
  (x BIGINT) AS bq_ceil(x), (x DOUBLE) AS ceil(x), (x DECIMAL(38, 9)) AS CAST(ceil(x) AS DECIMAL(38, 9));
CREATE MACRO bqn_floor
  (x BIGINT) AS bq_floor(x), (x DOUBLE) AS floor(x), (x DECIMAL(38, 9)) AS CAST(floor(x) AS DECIMAL(38, 9));
