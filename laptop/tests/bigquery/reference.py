"""GoogleSQL's reference evaluator: what a query answers, in the same plain form."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
from typing import Any

import zetasql.types as zt
from zetasql.api import CatalogBuilder, PreparedQuery
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2

from laptop.tests.bigquery.answers import Answer, Refusal, plain_float
from laptop.tests.bigquery.googlesql import FEATURES, CachedService

# What BigQuery has beyond what the project's own statements need; the evaluator's maximum would accept what BigQuery does not.
MORE = (
    "ADDITIONAL_DATE_TIME_FUNCTIONS", "ALIASES_FOR_STRING_AND_DATE_FUNCTIONS", "ALLOW_REGEXP_EXTRACT_OPTIONALS", "BIGNUMERIC_TYPE",
    "CONCAT_MIXED_TYPES", "DATE_ARITHMETICS", "FORMAT_IN_CAST", "GROUPING_BUILTIN", "GROUPING_SETS", "GROUP_BY_ALL",
    "GROUP_BY_ROLLUP", "GROUP_BY_STRUCT", "HAVING_IN_AGGREGATE", "INTERVAL_TYPE", "IS_DISTINCT", "JSON_LAX_VALUE_EXTRACTION_FUNCTIONS",
    "JSON_MORE_VALUE_EXTRACTION_FUNCTIONS", "JSON_STRICT_NUMBER_PARSING", "LIKE_ANY_SOME_ALL", "LIMIT_IN_AGGREGATE", "NAMED_ARGUMENTS",
    "NULLS_FIRST_LAST_IN_ORDER_BY", "NULL_HANDLING_MODIFIER_IN_AGGREGATE", "NULL_HANDLING_MODIFIER_IN_ANALYTIC", "QUALIFY",
    "SAFE_FUNCTION_CALL", "WEEK_WITH_WEEKDAY", "WITH_RECURSIVE", "ENFORCE_CONDITIONAL_EVALUATION", "ROUND_WITH_ROUNDING_MODE",
    "PIVOT", "UNPIVOT", "CBRT_FUNCTIONS", "ARRAY_AGGREGATION_FUNCTIONS", "FIRST_AND_LAST_N",
    "INVERSE_TRIG_FUNCTIONS", "JSON_CONSTRUCTOR_FUNCTIONS", "PARSE_TIMESTAMP_WITH_PRECISION_AND_TIMEZONE", "BARE_ARRAY_ACCESS",
)  # fmt: skip
_EPOCH_DAY = dt.date(1970, 1, 1)


class Reference:
    """Started once (1.3 s when the machine has compiled it before); a query takes some 30 ms."""

    def __init__(self) -> None:
        names = sorted({*FEATURES, *MORE} & {name.removeprefix("FEATURE_") for name in dir(zt.LanguageFeature)})
        language = zt.LanguageOptions(
            product_mode=zt.ProductMode.PRODUCT_EXTERNAL,
            name_resolution_mode=zt.NameResolutionMode.NAME_RESOLUTION_DEFAULT,
            enabled_language_features=[getattr(zt.LanguageFeature, f"FEATURE_{name}") for name in names],
            supported_statement_kinds=[zt.ResolvedNodeKind.RESOLVED_QUERY_STMT],
        )
        self.service = CachedService()
        self.options = zt.AnalyzerOptions(language_options=language, default_timezone="UTC")
        functions = zt.ZetaSQLBuiltinFunctionOptions(language_options=language)
        catalog = CatalogBuilder("bigquery").with_builtin_functions(functions).build()
        # Registered once: to build it is most of a query's time.
        self.catalog = self.service.register_catalog(simple_catalog=catalog).registered_id

    def ask(self, sql: str) -> Answer | Refusal:
        """The answer, or why there is none; columns without a name are `f0_`, `f1_`, ... as in BigQuery."""
        builder = PreparedQuery.builder().set_sql(sql).set_analyzer_options(self.options)
        builder.set_registered_catalog_id(self.catalog)
        try:
            with builder.set_service(self.service).prepare() as prepared:
                columns, content = prepared.columns, self._execute(prepared.prepared_query_id)
        except Exception as error:
            return Refusal(message=str(error))
        types = [column.type for column in columns]
        return Answer(
            names=named([column.name for column in columns]),
            types=[type_text(kind) for kind in types],
            rows=[
                [plain_value(cell, kind) for cell, kind in zip(row.cell, types, strict=True)]
                for row in content.table_data.row
            ],
        )

    def _execute(self, prepared: int) -> Any:
        """The content as protobuf has it: the package's own models lose a timestamp's value."""
        request = zt.EvaluateQueryRequest(prepared_query_id=prepared).to_proto()
        name, kind = "ZetaSqlLocalService_EvaluateQuery", local_service_pb2.EvaluateQueryResponse
        return self.service.wasm_client.call_grpc_func(name, request, kind).content


def named(names: list[str]) -> list[str]:
    """Names as BigQuery gives them: the n-th of the unnamed is `f<n>_`."""
    unnamed = iter(range(len(names)))
    return [name if name and not name.startswith("$") else f"f{next(unnamed)}_" for name in names]


def type_text(kind: Any) -> str:
    name = str(kind.type_kind.name).removeprefix("TYPE_").replace("DOUBLE", "FLOAT64")
    if name == "ARRAY":
        return f"ARRAY<{type_text(kind.array_type.element_type)}>"
    if name == "STRUCT":
        parts = enumerate(kind.struct_type.field)
        return f"STRUCT<{', '.join(f'{field_name(part, i)} {type_text(part.field_type)}' for i, part in parts)}>"
    return name


def field_name(part: Any, position: int) -> str:
    return part.field_name or f"_field_{position + 1}"


def plain_value(value: Any, kind: Any) -> Any:
    name = str(kind.type_kind.name).removeprefix("TYPE_")
    given = value.WhichOneof("value")
    if name == "ARRAY":  # the REST API has no NULL array: it gives an empty one
        return [plain_value(item, kind.array_type.element_type) for item in value.array_value.element]
    if given is None:
        return None
    if name == "STRUCT":
        pairs = enumerate(zip(kind.struct_type.field, value.struct_value.field, strict=True))
        return {field_name(part, i): plain_value(item, part.field_type) for i, (part, item) in pairs}
    return _SCALARS.get(name, lambda same: same)(getattr(value, given))


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _numeric(value: bytes) -> str:
    """Little-endian two's complement, in units of 10^-9."""
    number = decimal.Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9, decimal.Context(prec=60))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clock(bits: int, nanos: int) -> str:
    hour, minute, second = bits >> 12 & 31, bits >> 6 & 63, bits & 63
    fraction = f".{nanos // 1000:06d}" if nanos else ""
    return f"{hour:02d}:{minute:02d}:{second:02d}{fraction}"


def _time(value: int) -> str:
    return _clock(value >> 30, value & (1 << 30) - 1)


def _datetime(value: Any) -> str:
    bits, nanos = value.bit_field_datetime_seconds, value.nanos
    year, month, day = bits >> 26, bits >> 22 & 15, bits >> 17 & 31
    return f"{year:04d}-{month:02d}-{day:02d}T{_clock(bits, nanos)}"


def _date(days: int) -> str:
    return (_EPOCH_DAY + dt.timedelta(days=days)).isoformat()


def _timestamp(value: Any) -> str:
    return str(value.seconds * 1_000_000 + value.nanos // 1000)


_SCALARS: dict[str, Any] = {
    "DOUBLE": plain_float,
    "BYTES": _bytes,
    "NUMERIC": _numeric,
    "DATE": _date,
    "TIMESTAMP": _timestamp,
    "TIME": _time,
    "DATETIME": _datetime,
}
