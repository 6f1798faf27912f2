-- A CASE around the whole call is not enough: the optimizer may evaluate the call first.
CREATE MACRO bq_json(x) AS CASE WHEN json_valid(CAST(x AS VARCHAR)) THEN CAST(x AS VARCHAR) END;
-- Keys in order, the first of a name, numbers a double holds: NULL from the function is JSON that is none.
CREATE MACRO bq_parse_json(x) AS
  json(CASE WHEN x IS NULL OR bq_json_canonical(x) IS NOT NULL THEN bq_json_canonical(x) ELSE error('Invalid JSON: ' || x) END);
CREATE MACRO bq_safe_parse_json(x) AS json(bq_json_canonical(x));
CREATE MACRO bq_to_json(x) AS CASE
  WHEN x IS NULL THEN CAST('null' AS JSON)
  WHEN typeof(x) LIKE 'DECIMAL%' THEN CAST(bq_numeric_text(CAST(x AS VARCHAR)) AS JSON)
  WHEN typeof(x) LIKE 'TIME%' OR typeof(x) = 'BLOB' THEN CAST(bq_to_json_string(x) AS JSON)
  WHEN regexp_matches(typeof(x), '(\[\]|STRUCT).*') AND regexp_matches(typeof(x), 'TIME|DECIMAL|BLOB|DOUBLE|JSON')
  THEN error('Unsupported: TO_JSON of ' || typeof(x)) ELSE to_json(x) END;
CREATE MACRO bq_is_scalar(x, path) AS coalesce(json_type(x, path), 'NULL') NOT IN ('OBJECT', 'ARRAY', 'NULL');
CREATE MACRO bq_json_value(x, path) AS
  CASE WHEN NOT bq_is_scalar(bq_json(x), path) THEN NULL
    WHEN typeof(x) <> 'JSON' AND json_type(bq_json(x), path) = 'DOUBLE' THEN bq_json_number(bq_json(x), path)
    ELSE json_extract_string(bq_json(x), path) END;
CREATE MACRO bq_json_query
  (x JSON, path) AS json_extract(x, path),
  (x VARCHAR, path) AS nullif(CAST(json_extract(bq_json(x), path) AS VARCHAR), 'null');
CREATE MACRO bq_json_items(x, path) AS
  CAST(CASE WHEN json_type(bq_json(x), path) = 'ARRAY' THEN json_extract(bq_json(x), path) END AS JSON[]);
CREATE MACRO bq_json_value_array(x, path) AS CASE
  WHEN len(list_filter(bq_json_items(x, path), lambda item: json_type(item) IN ('OBJECT', 'ARRAY'))) = 0
  THEN list_transform(bq_json_items(x, path), lambda item:
    CASE WHEN typeof(x) <> 'JSON' AND json_type(item) = 'DOUBLE' THEN error('Unsupported: JSON_VALUE_ARRAY of a number with a fraction')
      ELSE json_extract_string(item, '$') END) END;
CREATE MACRO bq_json_query_array
  (x JSON, path) AS bq_json_items(x, path),
  (x VARCHAR, path) AS CAST(bq_json_items(x, path) AS VARCHAR[]);
CREATE MACRO bq_json_type(x) AS CASE json_type(x) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'
  WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null'
  ELSE CASE WHEN x IS NOT NULL THEN 'number' END END;
CREATE MACRO bq_json_int64(x) AS CASE WHEN json_type(x) IN ('BIGINT', 'UBIGINT') THEN CAST(json_extract_string(x, '$') AS BIGINT)
  WHEN json_type(x) = 'DOUBLE' AND CAST(x AS DOUBLE) = trunc(CAST(x AS DOUBLE)) THEN CAST(CAST(x AS DOUBLE) AS BIGINT)
  WHEN x IS NULL THEN NULL ELSE error('The provided JSON input is not an integer') END;
CREATE MACRO bq_json_float64(x) AS CASE WHEN json_type(x) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN CAST(x AS DOUBLE)
  WHEN x IS NULL THEN NULL ELSE error('The provided JSON input is not a number') END;
CREATE MACRO bq_json_bool(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN CAST(x AS BOOLEAN)
  WHEN x IS NULL THEN NULL ELSE error('The provided JSON input is not a boolean') END;
CREATE MACRO bq_json_string(x) AS CASE WHEN typeof(x) = 'JSON' AND json_type(CAST(x AS VARCHAR)) <> 'VARCHAR'
  THEN error('The provided JSON input is not a string') ELSE bq_string(x) END;
CREATE MACRO bq_lax_string(x) AS CASE WHEN bq_is_scalar(CAST(x AS VARCHAR), '$') THEN json_extract_string(x, '$') END;
