"""What an external table is: declared columns, partition columns, format, where its objects are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from laptop.bigquery.errors import invalid, unsupported
from laptop.bigquery.sql.types import Field

# What the REST API calls them, and SQL without the prefix.
_SETS = "FILE_SET_SPEC_TYPE_"
_MANIFESTS = {"": False, "FILE_SYSTEM_MATCH": False, "NEW_LINE_DELIMITED_MANIFEST": True}
FORMATS = {"CSV": "CSV", "NEWLINE_DELIMITED_JSON": "JSON", "JSON": "JSON", "PARQUET": "PARQUET"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """`uris` end in `*` or name one object, each a manifest if `manifests`; `hive_prefix` is where `key=value/` folders begin, or empty."""

    columns: tuple[Field, ...]
    partitions: tuple[Field, ...]
    format: str
    uris: tuple[str, ...]
    manifests: bool = False
    hive_prefix: str = ""
    require_filter: bool = False
    delimiter: str = ","
    quote: str = '"'
    skip_rows: int = 0
    ignore_unknown: bool = False
    max_bad: int = 0
    null_marker: str = ""

    @property
    def raw_lines(self) -> bool:
        """One STRING column and no quoting: each line is the value."""
        column = self.columns[0]
        return self.format == "CSV" and len(self.columns) == 1 and column["type"] == "STRING" and not self.quote

    def conversion_key(self) -> str:
        """Changes when the Parquet copy of an object would."""
        parts = [
            self.columns,
            self.format,
            self.delimiter,
            self.quote,
            self.skip_rows,
            self.ignore_unknown,
            self.max_bad,
        ]
        return hashlib.sha256(json.dumps([*parts, self.null_marker]).encode()).hexdigest()[:16]


def read_definition(resource: dict[str, Any]) -> Definition:
    """From a Table resource with `externalDataConfiguration`. Raises ApiError for what is not served."""
    config = resource["externalDataConfiguration"]
    kind = str(config.get("sourceFormat", "")).upper()
    if kind not in FORMATS:
        raise unsupported(f"external source format {kind or 'none'}")
    hive, csv = config.get("hivePartitioningOptions") or {}, config.get("csvOptions") or {}
    fields = (config.get("schema") or resource.get("schema") or {}).get("fields") or []
    if not fields:
        raise unsupported("an external table without declared columns (autodetect)")
    names = set(config.get("partitionColumns", []))
    uris, manifests = [_checked_uri(uri) for uri in config.get("sourceUris") or []], _lists(config)
    if manifests:
        _check_manifests(uris, hive, partitioned=bool(names))
    return Definition(
        columns=tuple(field for field in fields if field["name"] not in names),
        partitions=tuple(field for field in fields if field["name"] in names),
        format=FORMATS[kind],
        uris=tuple(uris),
        manifests=manifests,
        hive_prefix=str(hive.get("sourceUriPrefix", "")).split("{")[0],
        require_filter=bool(hive.get("requirePartitionFilter")),
        delimiter=_delimiter(csv.get("fieldDelimiter", ",")),
        quote=csv.get("quote", '"'),
        skip_rows=int(csv.get("skipLeadingRows", 0)),
        ignore_unknown=bool(config.get("ignoreUnknownValues")),
        max_bad=int(config.get("maxBadRecords", 0)),
        null_marker=csv.get("nullMarker", ""),
    )


def _checked_uri(uri: str) -> str:
    if not uri.startswith("gs://") or "*" in uri.removesuffix("*") or "/" not in uri[5:]:
        raise invalid(f"Invalid source URI (one * allowed, at the end): {uri}")
    return uri


def _lists(config: dict[str, Any]) -> bool:
    """Whether the URIs are of manifests: `fileSetSpecType` of the REST API."""
    kind = str(config.get("fileSetSpecType") or "").upper().removeprefix(_SETS)
    if kind not in _MANIFESTS:
        raise invalid(f"Invalid fileSetSpecType: {config['fileSetSpecType']}")
    return _MANIFESTS[kind]


def _check_manifests(uris: list[str], hive: dict[str, Any], *, partitioned: bool) -> None:
    if not uris:
        raise invalid("Required parameter is missing: sourceUris, of manifests")
    for uri in uris:
        if uri.endswith("*"):
            raise invalid(f"Invalid source URI (a manifest is named without a wild card): {uri}")
    if partitioned and not hive.get("sourceUriPrefix"):
        raise invalid("Required parameter is missing: the hive partition URI prefix of the objects in a manifest")


def _delimiter(text: str) -> str:
    return {"\\t": "\t", "tab": "\t", "\\x01": "\x01", "\\u0001": "\x01"}.get(text, text)
