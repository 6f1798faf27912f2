CREATE MACRO bq_length(x) AS CASE typeof(x) WHEN 'BLOB' THEN octet_length(bq_bytes(x)) ELSE length(CAST(x AS VARCHAR)) END;
CREATE MACRO bq_upper(x) AS CASE WHEN strlen(x) = length(x) THEN upper(x) ELSE bq_unicode_upper(x) END;
CREATE MACRO bq_lower(x) AS CASE WHEN strlen(x) = length(x) THEN lower(x) ELSE bq_unicode_lower(x) END;
CREATE MACRO bq_number_of(n) AS CASE WHEN n < 0 THEN error('The number of characters cannot be negative') ELSE CAST(n AS BIGINT) END;
CREATE MACRO bq_byte_length(x) AS octet_length(bq_bytes(x));
CREATE MACRO bq_from(n, position) AS CASE WHEN position > 0 THEN position WHEN position = 0 THEN 1
  WHEN n + position < 0 THEN 1 ELSE n + position + 1 END;
CREATE MACRO bq_substr
  (x, position) AS substring(x, bq_from(length(x), position)),
  (x, position, number) AS substring(x, bq_from(length(x), position), bq_number_of(number));
CREATE MACRO bq_trim
  (x) AS regexp_replace(x, '^[\s\p{Z}\x{0b}\x{85}]+|[\s\p{Z}\x{0b}\x{85}]+$', '', 'g'),
  (x, characters) AS trim(x, characters);
CREATE MACRO bq_ltrim (x) AS regexp_replace(x, '^[\s\p{Z}\x{0b}\x{85}]+', ''), (x, characters) AS ltrim(x, characters);
CREATE MACRO bq_rtrim (x) AS regexp_replace(x, '[\s\p{Z}\x{0b}\x{85}]+$', ''), (x, characters) AS rtrim(x, characters);
CREATE MACRO bq_replace(x, old, new) AS CASE WHEN old = '' THEN x ELSE replace(x, old, new) END;
CREATE MACRO bq_lpad(x, n, filler := ' ') AS lpad(x, CAST(bq_number_of(n) AS INTEGER), filler);
CREATE MACRO bq_rpad(x, n, filler := ' ') AS rpad(x, CAST(bq_number_of(n) AS INTEGER), filler);
CREATE MACRO bq_regexp_extract(x, pattern, part) AS
  CASE WHEN regexp_matches(x, pattern) THEN regexp_extract(x, pattern, part) END;
CREATE MACRO bq_join(items, separator) AS array_to_string(items, separator);
CREATE MACRO bq_join_nulls(items, separator, shown) AS
  array_to_string(list_transform(items, lambda item: coalesce(CAST(item AS VARCHAR), shown)), separator);

CREATE MACRO bq_fingerprint(x) AS bq_farm_fingerprint(bq_bytes(x));
CREATE MACRO bq_sha256(x) AS unhex(sha256(bq_bytes(x)));
CREATE MACRO bq_sha1(x) AS unhex(sha1(bq_bytes(x)));
CREATE MACRO bq_md5(x) AS unhex(md5(bq_bytes(x)));
CREATE MACRO bq_to_hex(x) AS lower(hex(bq_bytes(x)));

-- Of an array or of JSON, whose elements DuckDB counts from nought.
CREATE MACRO bq_at(items, i) AS
  CASE WHEN typeof(items) = 'JSON' THEN items[i] WHEN i < 0 OR i >= len(items) THEN error('Array index ' || i || ' is out of bounds') ELSE items[i + 1] END;
CREATE MACRO bq_safe_at(items, i) AS CASE WHEN i < 0 THEN NULL ELSE items[i + 1] END;
CREATE MACRO bq_without_null(items, name) AS CASE WHEN len(items) > list_count(items)
  THEN error('Array cannot have a null element; error in writing field ' || name) ELSE items END;
CREATE MACRO bq_ascii(x) AS CASE WHEN unicode(x) > 127 THEN error('Argument to ASCII is not a structurally valid ASCII string') ELSE ascii(x) END;
