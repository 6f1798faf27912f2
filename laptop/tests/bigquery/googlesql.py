"""GoogleSQL's own analyzer over a project's statements: a catalog that grows as tables are made."""

from __future__ import annotations

import ctypes
from typing import Any

import zetasql.types as zt
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.api import Analyzer, CatalogBuilder, TableBuilder
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.wasi import get_wasm_path

# What BigQuery has and the projects that are checked write; "maximum" would accept what BigQuery does not.
FEATURES = (
    "ANALYTIC_FUNCTIONS",
    "NUMERIC_TYPE",
    "CIVIL_TIME",
    "JSON_TYPE",
    "JSON_VALUE_EXTRACTION_FUNCTIONS",
    "ORDER_BY_IN_AGGREGATE",
    "JSON_ARRAY_FUNCTIONS",
    "JSON_ARRAY_VALUE_EXTRACTION_FUNCTIONS",
    "ADDITIONAL_STRING_FUNCTIONS",
    "CREATE_TABLE_PARTITION_BY",
    "CREATE_TABLE_CLUSTER_BY",
    "EXTENDED_DATE_TIME_SIGNATURES",
    "CREATE_EXTERNAL_TABLE_WITH_PARTITION_COLUMNS",
    "CREATE_EXTERNAL_TABLE_WITH_TABLE_ELEMENT_LIST",
    "WITH_ON_SUBQUERY",
    "PARAMETERIZED_TYPES",
    "SELECT_STAR_EXCEPT_REPLACE",
    "TIMESTAMP_PRECISION",
    "CREATE_TABLE_AS_SELECT_COLUMN_LIST",
    "DATE_TIME_CONSTRUCTORS",
    "ADDITIONAL_DATE_TIME_FUNCTIONS",
    "NULL_HANDLING_MODIFIER_IN_AGGREGATE",
    "DML_UPDATE_WITH_JOIN",
)
KINDS = (
    *("QUERY", "CREATE_TABLE", "CREATE_TABLE_AS_SELECT", "CREATE_VIEW", "CREATE_EXTERNAL_TABLE", "DROP", "EXPORT_DATA"),
    *("INSERT", "UPDATE", "DELETE", "ASSERT", "BEGIN", "COMMIT", "ALTER_TABLE"),
)


class CachedClient(WasmClient):  # type: ignore[misc]
    """Compiles the analyzer once per machine, and copies memory whole instead of byte by byte."""

    def __init__(self, wasm_path: str) -> None:
        config, wasi = Config(), WasiConfig()
        config.cache = True
        config.shared_memory = True
        wasi.inherit_stderr()
        wasi.preopen_dir(get_tzinfo_dir(), "/usr/share/zoneinfo")
        self.store = Store(Engine(config))
        self.store.set_wasi(wasi)
        self.module = Module.from_file(self.store.engine, wasm_path)
        linker = Linker(self.store.engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)
        self.memory: Any = self.exports["memory"]
        initialize: Any = self.exports["_initialize"]
        initialize(self.store)

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(self._address() + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(self._address() + ptr, size)

    def _address(self) -> int:
        return ctypes.addressof(self.memory.data_ptr().contents)


class CachedService(ZetaSqlLocalService):  # type: ignore[misc]
    """The same service over that client."""

    def __init__(self) -> None:
        self.wasm_client = CachedClient(get_wasm_path())


class GoogleSql:
    """`analyze` raises the analyzer's error; a statement that creates a table adds it to the catalog."""

    def __init__(self, project: str) -> None:
        self.service = CachedService()
        self.project = project
        self.tables: dict[str, list[tuple[str, Any]]] = {}
        self.language = zt.LanguageOptions(
            product_mode=zt.ProductMode.PRODUCT_EXTERNAL,
            name_resolution_mode=zt.NameResolutionMode.NAME_RESOLUTION_DEFAULT,
            enabled_language_features=[getattr(zt.LanguageFeature, f"FEATURE_{name}") for name in FEATURES],
            supported_statement_kinds=[getattr(zt.ResolvedNodeKind, f"RESOLVED_{kind}_STMT") for kind in KINDS],
        )

    def analyze(self, sql: str) -> Any:
        catalog = CatalogBuilder("bigquery").with_builtin_functions(
            zt.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        )
        for name, columns in self.tables.items():
            table = TableBuilder(name)
            for column, kind in columns:
                table.add_column(column, kind)
            catalog.add_table(table.build())
        options = zt.AnalyzerOptions(language_options=self.language)
        return Analyzer(options, catalog.build(), self.service).analyze_statement(sql)

    def create(self, target: str, sql: str) -> None:
        """Analyze a CREATE statement and remember its columns; external tables have `_FILE_NAME` too."""
        made = self.analyze(sql)
        if "VIEW" in sql[:30]:
            columns = [(column.name, column.column.type) for column in made.output_column_list]
        else:
            columns = [(column.name, column.type) for column in made.column_definition_list]
        partitions = getattr(made, "with_partition_columns", None)
        if partitions is not None:
            columns += [(column.name, column.type) for column in partitions.column_definition_list]
        if "EXTERNAL" in sql[:30]:
            columns.append(("_FILE_NAME", zt.TypeKind.TYPE_STRING))
        self.tables[f"{self.project}.{target}"] = columns

    def columns(self, target: str) -> list[str]:
        return [name for name, _ in self.tables[f"{self.project}.{target}"]]
