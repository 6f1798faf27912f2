"""No argument of a parsed expression is dropped in translation: each is read by the method that writes it, or refused by name."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sqlglot import exp

from laptop.bigquery.sql.aggregates import AGGREGATES, WINDOWS
from laptop.bigquery.sql.dialect import parse_one
from laptop.bigquery.sql.functions import SAFE_SCALARS, SCALARS
from laptop.bigquery.sql.generator import Generator, write_duckdb
from laptop.bigquery.sql.operators import Operators
from laptop.bigquery.sql.reads import names_read
from laptop.http import ApiError

CLASSES = {kind.key: kind for kind in vars(exp).values() if inspect.isclass(kind) and issubclass(kind, exp.Expr)}
# Methods that write nothing: whatever is set, they refuse.
REFUSALS = {"netfunc", "interval", "unnest", "parameter", "tablesample", "pivot", "command", "mod"}
# Methods that add a check to sqlglot's own writing, which reads every argument.
CHECKED = {"between", "case"}
OVERRIDDEN = sorted(
    name.removesuffix("_sql")
    for name in {**vars(Operators), **vars(Generator)}
    if name.endswith("_sql") and name.removesuffix("_sql") in CLASSES
)
READING = [key for key in OVERRIDDEN if key not in REFUSALS | CHECKED]


@pytest.mark.parametrize("key", READING)
def test_an_overridden_method_says_which_arguments_it_reads(key: str) -> None:
    read = names_read(getattr(Generator, f"{key}_sql"))
    assert read is not None, f"mark {key}_sql with @reads(...)"
    assert read <= set(CLASSES[key].arg_types), "an argument that sqlglot does not have"


SAMPLE = exp.column("sample")
SAMPLES: dict[str, Any] = {
    "expressions": [SAMPLE],
    "partition_by": [SAMPLE],
    "unnest": exp.Array(expressions=[SAMPLE]),
    "query": exp.select("sample").subquery(),
    "order": exp.Order(expressions=[exp.Ordered(this=SAMPLE)]),
    "spec": exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING"),
    "alias": exp.to_identifier("sample"),
    "offset": 1,
    "false": SAMPLE,
    "table": exp.to_identifier("sample"),
    "db": exp.to_identifier("sample"),
    "catalog": exp.to_identifier("sample"),
    "format": exp.Literal.string("YYYY"),
}
# Said for the sake of other dialects, or of the text alone: no meaning to write.
MEANINGLESS = {
    *(("array", "bracket_notation"), ("array", "struct_name_inheritance"), ("bytestring", "is_bytes")),
    *(
        ("hexstring", "is_integer"),
        ("datatype", "nested"),
        ("datatype", "expressions"),
        ("trycast", "safe"),
        ("window", "over"),
    ),
}
ARGUMENTS = [
    (key, name)
    for key in READING
    for name, needed in CLASSES[key].arg_types.items()
    if not needed and (key, name) not in MEANINGLESS
]


def node(key: str) -> exp.Expr:
    """An expression of a class with the arguments that it needs."""
    column = exp.column("c")
    parts: dict[str, Any] = {
        "this": column,
        "expression": column,
        "expressions": [column],
        "true": column,
        "is_string": True,
    }
    parts["to"] = exp.DataType.build("INT64", dialect="bigquery")
    called = exp.Anonymous(this="SUM" if key == "window" else "LOWER", expressions=[column])
    own = {
        "anonymous": "LOWER",
        "literal": "1",
        "rawstring": "a",
        "bytestring": "a",
        "hexstring": "ff",
        "extract": exp.var("DAY"),
    }
    own |= {
        "window": called,
        "safefunc": called,
        "column": exp.to_identifier("c"),
        "datatype": exp.DataType.Type.BIGINT,
    }
    parts["this"] = own.get(key, parts["this"])
    kind = CLASSES[key]
    return kind(**{name: parts[name] for name, needed in kind.arg_types.items() if needed})


def write(node: exp.Expr) -> str:
    try:
        return write_duckdb(exp.Select(expressions=[node]))
    except ApiError as error:
        return f"refused: {error}"


@pytest.mark.parametrize(("key", "name"), ARGUMENTS, ids=str)
def test_an_argument_changes_what_is_written_or_is_refused_by_name(key: str, name: str) -> None:
    without, with_it = node(key), node(key)
    with_it.set(name, SAMPLES.get(name, exp.true()))
    assert write(with_it) != write(without), f"{key}.{name} is dropped: {write(with_it)}"


@pytest.mark.parametrize("key", sorted(REFUSALS))
def test_a_refusing_method_refuses(key: str) -> None:
    method = getattr(Generator, f"{key}_sql")
    assert "raise" in inspect.getsource(method)
    assert "return" not in inspect.getsource(method)


def test_what_sqlglot_itself_cannot_write_for_duckdb_is_refused() -> None:
    with pytest.raises(ApiError, match="Unsupported"):
        write_duckdb(exp.select("a").from_("t").lock())


def test_the_transforms_of_duckdb_do_not_hide_an_overridden_method() -> None:
    from laptop.bigquery.sql.generator import _Transforms

    hidden = {kind.key for kind in _Transforms.TRANSFORMS} & set(OVERRIDDEN)
    assert hidden == set()


MODIFIERS = {
    "distinct": "{0}(DISTINCT {1})", "order": "{0}({1} ORDER BY x)", "limit": "{0}({1} LIMIT 1)",
    "nulls": "{0}({1} IGNORE NULLS)", "having": "{0}({1} HAVING MAX x)",
}  # fmt: skip
ARITY = dict.fromkeys(
    ("MAX_BY", "MIN_BY", "CORR", "COVAR_POP", "COVAR_SAMP", "NTH_VALUE", "PERCENTILE_CONT", "PERCENTILE_DISC"), 2
)
ARITY |= dict.fromkeys(("ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST"), 0)


@pytest.mark.parametrize("modifier", MODIFIERS)
@pytest.mark.parametrize("name", sorted({**AGGREGATES, **WINDOWS}))
def test_a_modifier_of_an_aggregate_is_written_or_refused(name: str, modifier: str) -> None:
    arguments = ", ".join(["x"] * ARITY.get(name, 1))
    over = " OVER ()" if name in WINDOWS else ""
    plain = write(parse_one(f"SELECT {name}({arguments}){over}").expressions[0])
    with_it = write(parse_one("SELECT " + MODIFIERS[modifier].format(name, arguments or "x") + over).expressions[0])
    assert with_it != plain or (name.startswith("PERCENTILE") and modifier == "nulls"), "it ignores NULLs anyway"


@pytest.mark.parametrize("name", sorted({**SCALARS, **SAFE_SCALARS}))
def test_an_argument_too_many_is_refused_or_written(name: str) -> None:
    """Functions of any number of arguments write them all."""
    many = [exp.Literal.string(f"$.argument{position}") for position in range(9)]
    found = write(exp.Anonymous(this=name, expressions=many))
    assert found.startswith("refused: ") or all(f"argument{position}" in found for position in range(9))
