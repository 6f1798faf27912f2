"""What one file of `flows/` says, read: everything that the platform knows of a flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROW_KEY = "row_key"
"""The column of a key that is no single text."""
ARRIVED_DAY = "arrived_date"
"""The day of a flow without a time of its events."""
SIDES = ("", "_versions", "_rejected")
GRAINS = ("day", "month", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTime:
    """The column of an event's time and of its day; `grain` of a partition. `column` is `field` where that is a day itself."""

    field: str
    column: str
    grain: str = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`contract`: what landing checks, in its JSON form, by the sources' names of fields; `columns`: their names in silver, if others.

    `key`: the fields of its key, by their columns; empty where a row's content is its key. `texts`: what is said of each column.
    """

    name: str
    silver: str
    contract: Mapping[str, Any]
    columns: Mapping[str, str]
    key: tuple[str, ...]
    change: str
    version: str | None
    time: EventTime | None
    cluster: tuple[str, ...]
    texts: Mapping[str, Any]
    grain: str
    description: str
    about: Mapping[str, str] = field(default_factory=dict)
    generator: Mapping[str, Any] | None = None
    collection: str | None = None
    feeds: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """What a run writes for it, the table of its current rows first."""
        own = [f"silver.{self.silver}{side}" for side in SIDES]
        return (*own, f"ops.{self.silver}_objects", *self.feeds)

    @property
    def key_column(self) -> str:
        """The text that is its key in silver: a field of it, or one made of several."""
        if len(self.key) == 1 and self.rule_of(self.key[0])["kind"] == "string":
            return self.key[0]
        return ROW_KEY

    @property
    def day(self) -> str:
        return self.time.column if self.time else ARRIVED_DAY

    def source_of(self, column: str) -> str:
        """The name of a column's field in the sources."""
        return next((source for source, name in self.columns.items() if name == column), column)

    def rule_of(self, column: str) -> Mapping[str, Any]:
        rule: Mapping[str, Any] = self.contract["fields"][self.source_of(column)]
        return rule
