"""Poison cases as data: what is put into the lake, round by round, and what must be true when it is quiet again. Pure."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from ripple.flows import load_contract
from ripple.rows.sales_schema import arrow_schema
from tests.ripple.rows.sample_rows import GOOD

KEYS = {"clickstream": "event_id", "startups": "event_id", "sales": "order_id"}
TABLES = {
    "clickstream": "silver.clickstream_events",
    "startups": "silver.startup_events",
    "sales": "silver.orders",
}
Encode = Callable[[Sequence[Mapping[str, Any]], Sequence[str], str], bytes]
"""`(rows, JSON of each, JSON lines)` to a file's bytes."""
OTHER = {"clickstream": "startups", "startups": "sales", "sales": "clickstream"}
FIRST_DAY = dt.date(2026, 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act on Bronze: an object written, or the live object of a name deleted."""

    name: str
    data: bytes | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of oddness: its rounds of acts, each followed by quiet, and what is expected at the end."""

    name: str
    flow: str
    day: dt.date
    rounds: tuple[tuple[Step, ...], ...]
    current: Sequence[str] | None
    rejected: Mapping[str, str]
    reasons: Mapping[str, str]
    quarantined: Mapping[str, int] | None
    queries: Sequence[Mapping[str, Any]]

    def key(self, id: str) -> str:
        return f"{self.name}-{id}"


def read_cases(folder: Path) -> list[Case]:
    """The cases of all YAML files of a folder, each with a day of its own."""
    found = [case for file in sorted(folder.glob("*.yaml")) for case in yaml.safe_load(file.read_text())]
    return [_read_case(case, FIRST_DAY + dt.timedelta(days=at)) for at, case in enumerate(found)]


_EXPECTATIONS = {"current", "rejected", "reasons", "quarantined", "queries"}


def _read_case(source: Mapping[str, Any], day: dt.date) -> Case:
    known = {"name", "flow", "rounds", "current", "rejected", "reasons", "quarantined", "queries"}
    assert source.keys() <= known, f"{source['name']}: unknown {source.keys() - known}"
    assert source.keys() & _EXPECTATIONS, f"{source['name']} expects nothing"
    filled = _fill(source, {"case": source["name"], "day": day.isoformat()})
    return Case(
        name=filled["name"],
        flow=filled["flow"],
        day=day,
        rounds=tuple(tuple(_read_step(step, filled, day) for step in steps) for steps in filled["rounds"]),
        current=filled.get("current"),
        rejected=filled.get("rejected", {}),
        reasons=filled.get("reasons", {}),
        quarantined=filled.get("quarantined"),
        queries=filled.get("queries", []),
    )


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    """`{case}` and `{day}` filled in, in every text."""
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace("{" + name + "}", word)
        return value
    if isinstance(value, Mapping):
        return {_fill(key, words): _fill(inner, words) for key, inner in value.items()}
    return [_fill(inner, words) for inner in value] if isinstance(value, list) else value


def _read_step(step: Mapping[str, Any], case: Mapping[str, Any], day: dt.date) -> Step:
    if "delete" in step:
        return Step(name=step["delete"], data=None)
    flow = step.get("flow", case["flow"])
    if "hex" in step:
        data = bytes.fromhex(step["hex"])
    elif "text" in step:
        data = step["text"].encode()
    else:
        data = encode(list(make_rows(flow, case["name"], day, step["rows"])), flow, step.get("as", ""))
    return Step(name=step["put"], data=data, metadata=step.get("metadata", {}), encoding=step.get("encoding"))


def make_rows(flow: str, case: str, day: dt.date, wanted: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Rows that keep to the contract but for what is changed; `wanted` holds ids, or mappings with an id, or `{count, ...}`."""
    for item in wanted:
        changes = dict(item) if isinstance(item, Mapping) else {"id": item}
        many = changes.pop("count", None)
        ids = [f"{changes.pop('id', 'r')}{at}" for at in range(many)] if many else [changes.pop("id")]
        for id in ids:
            yield make_row(flow, f"{case}-{id}", day, changes)


def make_row(flow: str, key: str, day: dt.date, changes: Mapping[str, Any]) -> dict[str, Any]:
    at = dt.datetime.combine(day, dt.time(3), dt.UTC)
    moment: Any = at if flow == "sales" else at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    names = {"sales": ("ordered_at", "ingested_at", "updated_at", "customer_acquired_at")}.get(
        flow, ("occurred_at", "ingested_at")
    )
    row = GOOD[flow](**{KEYS[flow]: key, **dict.fromkeys(names, moment)})
    changed = {
        name: _moment(value) if flow == "sales" and name.endswith("_at") else value for name, value in changes.items()
    }
    return {**row, **changed}


def _moment(value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def encode(rows: Sequence[Mapping[str, Any]], flow: str, form: str) -> bytes:
    """Rows as a file's bytes: Parquet for sales, JSON lines for others, unless `form` says otherwise."""
    if flow == "sales" and not form:
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), arrow_schema(load_contract("sales"))), sink)
        return sink.getvalue()
    lines = [json.dumps(row, default=str) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    return FORMS[form](rows, lines, text)


FORMS: Mapping[str, Encode] = {
    "": lambda rows, lines, text: text.encode(),
    "crlf": lambda rows, lines, text: text.replace("\n", "\r\n").encode(),
    "cr": lambda rows, lines, text: text.replace("\n", "\r").encode(),
    "gzip": lambda rows, lines, text: gzip.compress(text.encode(), mtime=0),
    "gzip_twice": lambda rows, lines, text: gzip.compress(gzip.compress(text.encode(), mtime=0), mtime=0),
    "gzip_cut": lambda rows, lines, text: gzip.compress(text.encode(), mtime=0)[:-12],
    "bom": lambda rows, lines, text: b"\xef\xbb\xbf" + text.encode(),
    "utf16": lambda rows, lines, text: text.encode("utf-16"),
    "pretty": lambda rows, lines, text: json.dumps(list(rows), indent=2).encode(),
    "pretty_object": lambda rows, lines, text: json.dumps(rows[0], indent=2).encode(),
    "array": lambda rows, lines, text: json.dumps(list(rows)).encode(),
    "no_last_newline": lambda rows, lines, text: text.rstrip("\n").encode(),
}
