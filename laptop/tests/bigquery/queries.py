"""Makes GoogleSQL queries by chance: typed expressions, filters, groups, joins, windows, set operations over three tables."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import yaml

# Each as an array of structs, which both the laptop (as a real table) and the evaluator (in place) read.
TABLES = {
    "sales": """UNNEST([STRUCT(1 AS id, 'a' AS code, 1.5 AS price, TRUE AS paid, DATE '2026-01-31' AS day, 3 AS n),
  (2, 'b', -2.25, FALSE, DATE '2025-12-28', -7), (3, NULL, 0.0, NULL, DATE '2024-02-29', 0),
  (4, 'Zürich', 1e15, TRUE, NULL, 9), (5, '', NULL, FALSE, DATE '2026-01-05', NULL), (6, 'a', 2.5, TRUE, DATE '2026-01-31', 3)])""",
    "people": """UNNEST([STRUCT(1 AS id, 'Ann' AS name, TIMESTAMP '2026-01-01 00:00:00+00' AS seen, NUMERIC '1.25' AS score, 'a' AS code),
  (2, 'bob', TIMESTAMP '1969-12-31 23:59:59.5+00', NUMERIC '-0.5', 'b'), (3, NULL, NULL, NULL, NULL),
  (7, ' eve ', TIMESTAMP '2024-02-29 12:30:00+00', NUMERIC '10', 'a')])""",
    "moves": """UNNEST([STRUCT(1 AS id, DATETIME '2026-03-01 10:00:00' AS moved, TIME '23:59:59' AS clock, 'x' AS code),
  (1, DATETIME '2025-12-31 23:59:59.25', TIME '00:00:00', 'y'), (4, NULL, TIME '12:00:00', NULL)])""",
}
COLUMNS = {
    "sales": {"id": "INT64", "code": "STRING", "price": "FLOAT64", "paid": "BOOL", "day": "DATE", "n": "INT64"},
    "people": {"id": "INT64", "name": "STRING", "seen": "TIMESTAMP", "score": "NUMERIC", "code": "STRING"},
    "moves": {"id": "INT64", "moved": "DATETIME", "clock": "TIME", "code": "STRING"},
}
LITERALS = {
    "INT64": ("0", "1", "-3", "7", "2", "NULL"),
    "FLOAT64": ("0.5", "-1.5", "2.0", "1e3"),
    "STRING": ("'a'", "'B'", "''", "' x '", "'é%'", "'a,b'"),
    "BOOL": ("TRUE", "FALSE"),
    "DATE": ("DATE '2026-01-31'", "DATE '2024-02-29'", "DATE '1969-12-31'"),
    "TIMESTAMP": ("TIMESTAMP '2026-01-01 00:00:00+00'", "TIMESTAMP '2024-12-31 23:59:59.999+00'"),
    "DATETIME": ("DATETIME '2026-01-31 10:30:00'",),
    "TIME": ("TIME '10:30:00.5'",),
    "NUMERIC": ("NUMERIC '1.5'", "NUMERIC '-2.25'", "NUMERIC '0.000000001'"),
}
_FORMS = yaml.safe_load((Path(__file__).parent / "units" / "shapes.yaml").read_text())
SHAPES: dict[str, list[str]] = _FORMS["expressions"]
AGGREGATES: dict[str, list[str]] = _FORMS["aggregates"]
_KEYS = {
    **{"S": "STRING", "I": "INT64", "F": "FLOAT64", "B": "BOOL", "D": "DATE"},
    **{"T": "TIMESTAMP", "E": "DATETIME", "C": "TIME", "N": "NUMERIC"},
}
Scope = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`ordered`: ORDER BY leaves no two rows in doubt."""

    sql: str
    ordered: bool

    def on_literals(self) -> str:
        """With the tables' rows before it, for an evaluator that has no tables."""
        clauses = ", ".join(f"{name} AS (SELECT * FROM {rows})" for name, rows in TABLES.items())
        return f"WITH {clauses} {self.sql}"


def make_query(chance: random.Random) -> Query:
    """The same query for the same chance."""
    makers = (_plain, _plain, _grouped, _joined, _windowed, _united, _unnested)
    return chance.choice(makers)(chance)


class _Maker:
    """Writes expressions over the columns in scope."""

    def __init__(self, chance: random.Random, tables: Sequence[str]) -> None:
        self.chance = chance
        self.scope: Scope = {}
        for table in tables:
            for name, kind in COLUMNS[table].items():
                self.scope.setdefault(kind, []).append(f"{table}.{name}")
        self.names = count()

    def expression(self, kind: str, depth: int = 2) -> str:
        if depth == 0 or self.chance.random() < 0.2:
            return self.leaf(kind)
        return self.filled(self.chance.choice(SHAPES[kind]), depth - 1)

    def filled(self, shape: str, depth: int) -> str:
        pieces, rest = [], shape.replace("{{", "\0").replace("}}", "\1")
        while "{" in rest:
            before, _, after = rest.partition("{")
            key, _, rest = after.partition("}")
            inner = self.expression(_KEYS[key], depth)
            pieces += [before, inner if inner.isidentifier() else f"({inner})"]
        return "".join([*pieces, rest]).replace("\0", "{").replace("\1", "}")

    def leaf(self, kind: str) -> str:
        columns = self.scope.get(kind, [])
        if columns and self.chance.random() < 0.75:
            return self.chance.choice(columns)
        literal = self.chance.choice(LITERALS[kind])
        return f"CAST(NULL AS {kind})" if literal == "NULL" else literal

    def shown(self, kind: str | None = None) -> str:
        """An expression, mostly with a name."""
        text = self.expression(kind or self.chance.choice(list(SHAPES)))
        return text if self.chance.random() < 0.15 else f"{text} AS c{next(self.names)}"

    def where(self) -> str:
        return f" WHERE {self.expression('BOOL')}" if self.chance.random() < 0.5 else ""


def _plain(chance: random.Random) -> Query:
    table = chance.choice(list(TABLES))
    maker = _Maker(chance, [table])
    items = ", ".join(maker.shown() for _ in range(chance.randint(1, 3)))
    if table == "moves" or chance.random() < 0.4:
        return Query(sql=f"SELECT {items} FROM {table}{maker.where()}", ordered=False)
    direction = chance.choice(["", " DESC", " ASC"])
    limit = f" LIMIT {chance.randint(1, 4)}" if chance.random() < 0.4 else ""
    key = maker.chance.choice([name for names in maker.scope.values() for name in names if "price" not in name])
    sql = f"SELECT {items} FROM {table}{maker.where()} ORDER BY {key}{direction}, {table}.id{limit}"
    return Query(sql=sql, ordered=True)


def _grouped(chance: random.Random) -> Query:
    maker = _Maker(chance, ["sales"])
    key = maker.expression(chance.choice(["INT64", "STRING", "BOOL", "DATE"]), 1)
    totals = [maker.filled(chance.choice(AGGREGATES[kind]), 1) for kind in chance.sample(list(AGGREGATES), 2)]
    having = f" HAVING {totals[0]} IS NOT NULL" if chance.random() < 0.3 else ""
    shown = ", ".join(f"{total} AS t{place}" for place, total in enumerate(totals))
    return Query(
        sql=f"SELECT {key} AS k, {shown} FROM sales{maker.where()} GROUP BY k{having} ORDER BY k", ordered=True
    )


def _joined(chance: random.Random) -> Query:
    maker = _Maker(chance, ["sales", "people"])
    kind = chance.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "INNER JOIN"])
    if chance.random() < 0.35:
        shown = chance.choice(["*", "* EXCEPT (day)", "id, sales.code, people.name"])
        key = "id" if shown.startswith("id") else "id, code"
        if key == "id" or chance.random() < 0.7:
            return Query(sql=f"SELECT {shown} FROM sales {kind} people USING ({key})", ordered=False)
    items = ", ".join(maker.shown() for _ in range(3))
    on = chance.choice(["sales.id = people.id", "sales.code = people.code", "sales.id = people.id AND sales.n > 0"])
    return Query(sql=f"SELECT {items} FROM sales {kind} people ON {on}{maker.where()}", ordered=False)


def _windowed(chance: random.Random) -> Query:
    maker = _Maker(chance, ["sales"])
    partition = chance.choice(["", "PARTITION BY sales.code ", "PARTITION BY sales.paid "])
    call, frames = chance.choice([
        ("ROW_NUMBER()", False), ("RANK()", False), ("DENSE_RANK()", False), ("LAG(sales.n)", False), ("LEAD(sales.code, 1, 'z')", False),
        ("SUM(sales.n)", True), ("COUNT(sales.n)", True), ("AVG(sales.n)", True), ("MAX(sales.code)", True),
        ("FIRST_VALUE(sales.n)", True), ("LAST_VALUE(sales.code IGNORE NULLS)", True), ("NTILE(3)", False),
    ])  # fmt: skip
    frame = chance.choice(
        ["", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING"]
    )
    order = chance.choice(["sales.id", "sales.id DESC", "sales.code, sales.id"])
    window = f"{call} OVER ({partition}ORDER BY {order}{frame if frames else ''}) AS w"
    return Query(
        sql=f"SELECT sales.id, {window}, {maker.shown()} FROM sales{maker.where()} ORDER BY sales.id", ordered=True
    )


def _united(chance: random.Random) -> Query:
    kinds = [chance.choice(["INT64", "STRING", "DATE", "BOOL", "FLOAT64"]) for _ in range(2)]
    sides = []
    for table in chance.sample(list(TABLES), 2):
        maker = _Maker(chance, [table])
        items = ", ".join(f"{maker.expression(kind)} AS u{place}" for place, kind in enumerate(kinds))
        sides.append(f"SELECT {items} FROM {table}{maker.where()}")
    operators = ["UNION ALL", "UNION DISTINCT", "EXCEPT DISTINCT", "INTERSECT DISTINCT"]
    return Query(sql=f" {chance.choice(operators)} ".join(sides), ordered=False)


def _unnested(chance: random.Random) -> Query:
    maker = _Maker(chance, ["sales"])
    kind = chance.choice(["INT64", "STRING"])
    array = chance.choice(
        [f"[{maker.leaf(kind)}, {maker.leaf(kind)}]", "SPLIT(sales.code, 'r')", "GENERATE_ARRAY(1, sales.n)"]
    )
    join = chance.choice(
        [f", UNNEST({array}) AS e WITH OFFSET AS o", f" LEFT JOIN UNNEST({array}) AS e WITH OFFSET AS o"]
    )
    return Query(sql=f"SELECT sales.id, e, o, {maker.shown()} FROM sales{join}", ordered=False)
