-- typeof() is known when a query is bound, so each CASE costs nothing and every branch has one result type.
CREATE MACRO bq_is_int(x) AS regexp_full_match(x, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*');
CREATE MACRO bq_is_float(x) AS regexp_full_match(x, '(?i)\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)\s*');
CREATE MACRO bq_is_numeric(x) AS regexp_full_match(x, '(?i)\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*');
CREATE MACRO bq_is_bool(x) AS regexp_full_match(x, '(?i)true|false');
CREATE MACRO bq_is_date(x) AS regexp_full_match(x, '\d{4}-\d{1,2}-\d{1,2}');
CREATE MACRO bq_is_datetime(x) AS regexp_full_match(x, '\d{4}-\d{1,2}-\d{1,2}([ Tt]([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{1,6})?)?');
CREATE MACRO bq_is_time(x) AS regexp_full_match(x, '([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{1,6})?');
CREATE MACRO bq_is_timestamp(x) AS regexp_full_match(x, '\d{4}-\d{1,2}-\d{1,2}([ Tt]([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{1,6})?)?([zZ]|\s?[+-]((0?\d|1[0-3])(:?[0-5]\d)?|14(:?00)?)|\s[A-Za-z_]+(/[A-Za-z_]+)*)?');

CREATE MACRO bq_zone_text(x) AS
  regexp_replace(replace(replace(trim(x), 't', 'T'), 'z', 'Z'), '([+-])(\d)(:?\d{2})?$', '\10\2\3');
CREATE MACRO bq_moment_text(x) AS regexp_replace(bq_zone_text(x), '([+-]\d{2})(\d{2})$', '\1:\2');
CREATE MACRO bq_same_text(x) AS trim(x);

CREATE MACRO bq_int64(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_int(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Bad int64 value: ' || CAST(x AS VARCHAR) END AS BIGINT)
  WHEN 'DOUBLE' THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT) ELSE CAST(x AS BIGINT) END;
CREATE MACRO bq_try_int64(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_int(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS BIGINT) END
  WHEN 'DOUBLE' THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT) ELSE TRY_CAST(x AS BIGINT) END;
CREATE MACRO bq_float64(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_float(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Invalid double value: ' || CAST(x AS VARCHAR) END AS DOUBLE)
  WHEN 'BOOLEAN' THEN error('Invalid cast from BOOL to FLOAT64')
  ELSE CAST(x AS DOUBLE) END;
CREATE MACRO bq_try_float64(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_float(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS DOUBLE) END
  ELSE TRY_CAST(x AS DOUBLE) END;
CREATE MACRO bq_numeric(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_numeric(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Invalid NUMERIC value: ' || CAST(x AS VARCHAR) END AS DECIMAL(38, 9))
  ELSE CAST(x AS DECIMAL(38, 9)) END;
CREATE MACRO bq_try_numeric(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_numeric(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS DECIMAL(38, 9)) END
  ELSE TRY_CAST(x AS DECIMAL(38, 9)) END;
CREATE MACRO bq_bool(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_bool(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Invalid bool value: ' || CAST(x AS VARCHAR) END AS BOOLEAN)
  WHEN 'DOUBLE' THEN error('Invalid cast from FLOAT64 to BOOL')
  ELSE CAST(x AS BOOLEAN) END;
CREATE MACRO bq_try_bool(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_bool(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS BOOLEAN) END
  ELSE TRY_CAST(x AS BOOLEAN) END;
CREATE MACRO bq_date(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_date(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Invalid date value: ' || CAST(x AS VARCHAR) END AS DATE)
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN CAST(TRY_CAST(x AS TIMESTAMP) AS DATE) ELSE CAST(x AS DATE) END;
CREATE MACRO bq_try_date(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_date(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS DATE) END
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN TRY_CAST(TRY_CAST(x AS TIMESTAMP) AS DATE) ELSE TRY_CAST(x AS DATE) END;
CREATE MACRO bq_datetime(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_datetime(CAST(x AS VARCHAR)) THEN bq_zone_text(CAST(x AS VARCHAR))
    ELSE 'Invalid datetime value: ' || CAST(x AS VARCHAR) END AS TIMESTAMP)
  ELSE CAST(x AS TIMESTAMP) END;
CREATE MACRO bq_try_datetime(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_datetime(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_zone_text(CAST(x AS VARCHAR)) AS TIMESTAMP) END
  ELSE TRY_CAST(x AS TIMESTAMP) END;
CREATE MACRO bq_timestamp(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_timestamp(CAST(x AS VARCHAR)) THEN bq_moment_text(CAST(x AS VARCHAR))
    ELSE 'Invalid timestamp value: ' || CAST(x AS VARCHAR) END AS TIMESTAMPTZ)
  ELSE CAST(x AS TIMESTAMPTZ) END;
CREATE MACRO bq_try_timestamp(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_timestamp(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_moment_text(CAST(x AS VARCHAR)) AS TIMESTAMPTZ) END
  ELSE TRY_CAST(x AS TIMESTAMPTZ) END;
CREATE MACRO bq_time(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CAST(CASE WHEN x IS NULL OR bq_is_time(CAST(x AS VARCHAR)) THEN bq_same_text(CAST(x AS VARCHAR))
    ELSE 'Invalid time value: ' || CAST(x AS VARCHAR) END AS TIME)
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN CAST(TRY_CAST(x AS TIMESTAMP) AS TIME) ELSE CAST(x AS TIME) END;
CREATE MACRO bq_try_time(x) AS CASE typeof(x)
  WHEN 'VARCHAR' THEN CASE WHEN bq_is_time(CAST(x AS VARCHAR)) THEN TRY_CAST(bq_same_text(CAST(x AS VARCHAR)) AS TIME) END
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN TRY_CAST(TRY_CAST(x AS TIMESTAMP) AS TIME) ELSE TRY_CAST(x AS TIME) END;

CREATE MACRO bq_bytes(x) AS CASE typeof(x) WHEN 'BLOB' THEN TRY_CAST(x AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END;
CREATE MACRO bq_try_bytes(x) AS bq_bytes(x);

-- Fifteen digits where they round-trip, else seventeen: what GoogleSQL prints.
CREATE MACRO bq_double_text(x) AS CASE WHEN isfinite(x) THEN
  CASE WHEN CAST(format('{:.15g}', x) AS DOUBLE) = x THEN format('{:.15g}', x + 0) ELSE format('{:.17g}', x) END
  ELSE CAST(x AS VARCHAR) END;
CREATE MACRO bq_fraction_text(x) AS
  regexp_replace(rpad(x, 6, '0'), '000$', '');
CREATE MACRO bq_instant_text(x) AS CASE WHEN contains(x, '.')
  THEN regexp_extract(x, '^[^.]*\.') || bq_fraction_text(regexp_extract(x, '\.(\d+)', 1)) || regexp_extract(x, '\.\d+(.*)$', 1)
  ELSE x END;
CREATE MACRO bq_numeric_text(x) AS
  CASE WHEN contains(x, '.') THEN regexp_replace(regexp_replace(x, '0+$', ''), '\.$', '') ELSE x END;
CREATE MACRO bq_string(x) AS CASE
  WHEN typeof(x) = 'DOUBLE' THEN bq_double_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
  WHEN typeof(x) LIKE 'DECIMAL%' THEN bq_numeric_text(CAST(x AS VARCHAR))
  WHEN typeof(x) = 'BLOB' THEN decode(bq_bytes(x))
  WHEN typeof(x) = 'JSON' THEN json_extract_string(CAST(x AS VARCHAR), '$')
  WHEN typeof(x) IN ('TIMESTAMP', 'TIME', 'TIMESTAMP WITH TIME ZONE') THEN bq_instant_text(CAST(x AS VARCHAR))
  ELSE CAST(x AS VARCHAR) END;
CREATE MACRO bq_is_number(kind) AS kind IN ('BIGINT', 'INTEGER', 'HUGEINT', 'DOUBLE') OR kind LIKE 'DECIMAL%';
CREATE MACRO bq_beside_text(kind, found) AS CASE WHEN bq_is_number(kind) OR kind = 'BOOLEAN'
  THEN error('No matching signature for a STRING beside ' || kind) ELSE found END;
-- What FORMAT takes: %d an integer, %s text, %f a number with a fraction, %t anything flat.
CREATE MACRO bq_format_d(x) AS CASE WHEN typeof(x) IN ('BIGINT', 'INTEGER', 'HUGEINT', '"NULL"') THEN CAST(x AS BIGINT)
  ELSE error('Invalid type for argument of FORMAT: expected integer, got ' || typeof(x)) END;
CREATE MACRO bq_format_s(x) AS CASE WHEN typeof(x) IN ('VARCHAR', '"NULL"') THEN CAST(x AS VARCHAR)
  ELSE error('Invalid type for argument of FORMAT: expected STRING, got ' || typeof(x)) END;
CREATE MACRO bq_format_f(x) AS CASE WHEN typeof(x) IN ('DOUBLE', '"NULL"') OR typeof(x) LIKE 'DECIMAL%' THEN CAST(x AS DOUBLE)
  ELSE error('Invalid type for argument of FORMAT: expected FLOAT64, got ' || typeof(x)) END;
CREATE MACRO bq_format_t(x) AS CASE WHEN x IS NULL THEN 'NULL'
  WHEN typeof(x) LIKE '%]' OR typeof(x) LIKE 'STRUCT%' THEN error('Unsupported: FORMAT %t of ' || typeof(x))
  WHEN typeof(x) = 'DOUBLE' THEN regexp_replace(bq_string(x), '^(-?\d+)$', '\1.0') ELSE bq_string(x) END;
CREATE MACRO bq_try_string(x) AS bq_string(x);

-- A scalar that DuckDB's JSON already spells as GoogleSQL does stays here; the rest goes through Python.
CREATE MACRO bq_to_json_string(x) AS CASE
  WHEN x IS NULL THEN 'null'
  WHEN typeof(x) IN ('VARCHAR', 'BOOLEAN', 'INTEGER') THEN CAST(to_json(x) AS VARCHAR)
  WHEN typeof(x) = 'BLOB' THEN '"' || to_base64(bq_bytes(x)) || '"'
  ELSE bq_json_text(CAST(to_json(x) AS VARCHAR), typeof(x)) END;
