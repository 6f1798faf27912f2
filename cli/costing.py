"""What a month costs at a volume: quantities by service, times the prices of `docs/costs/prices.yaml`. Pure but for reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.quantities import Quantity, Usage, count_deployment, count_month
from cli.volume import Volume

COSTS = Path(__file__).resolve().parents[1] / "docs" / "costs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """`usd` for `per` units; `free` units a month are not billed. `sku` and `source` say where to check it."""

    sku: str
    usd: float
    per: float
    unit: str
    free: float
    source: str
    evidence: str


Prices = Mapping[str, Price]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Of one price: the service and what of it, units a month, how many of them are free, dollars for the rest."""

    price: str
    service: str
    what: str
    quantity: float
    unit: str
    free: float
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A month's lines, dearest first, and the volume that they are for. `warnings` say what the volume does not fit."""

    volume: Volume
    lines: tuple[CostLine, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    @property
    def by_service(self) -> dict[str, float]:
        """Dollars a month, dearest first."""
        services = dict.fromkeys(line.service for line in self.lines)
        sums = {name: sum(line.usd for line in self.lines if line.service == name) for name in services}
        return dict(sorted(sums.items(), key=lambda item: -item[1]))


def estimate(volume: Volume, prices: Prices, usage: Usage) -> Estimate:
    """A month at that volume in the steady state, with `days_of_history` of rows kept."""
    return Estimate(
        volume=volume, lines=price_all(count_month(volume, usage), prices), warnings=tuple(volume.find_misfits())
    )


def estimate_deployment(prices: Prices, usage: Usage) -> tuple[CostLine, ...]:
    """What a first deployment builds and runs: bundles, images and one training, once."""
    return price_all(count_deployment(usage), prices)


def price_all(quantities: Iterable[Quantity], prices: Prices) -> tuple[CostLine, ...]:
    """One line a price, quantities of the same price together, dearest first. KeyError for a price that is not listed."""
    sums: dict[str, float] = {}
    for quantity in quantities:
        sums[quantity.price] = sums.get(quantity.price, 0.0) + quantity.units
    return tuple(sorted(_lines(sums, prices), key=lambda line: (-line.usd, line.price)))


def _lines(sums: Mapping[str, float], prices: Prices) -> Iterator[CostLine]:
    for name, units in sums.items():
        price = prices[name]
        yield CostLine(
            price=name,
            service=price.sku.partition(": ")[0],
            what=price.sku.partition(": ")[2],
            quantity=units,
            unit=price.unit,
            free=min(units, price.free),
            usd=max(units - price.free, 0.0) * price.usd / price.per,
        )


def read_prices(path: Path = COSTS / "prices.yaml") -> dict[str, Price]:
    """By name. KeyError or TypeError for a file that lacks a field or has one too many."""
    listed: dict[str, Any] = yaml.safe_load(path.read_text())["prices"]
    return {name: Price(**fields) for name, fields in listed.items()}


def read_usage(path: Path = COSTS / "usage.yaml") -> Usage:
    found: Usage = yaml.safe_load(path.read_text())
    return found


def show_amount(units: float, unit: str) -> str:
    """For a reader: bytes as GiB or TiB, all else as a count with its unit."""
    if not unit.startswith("byte"):
        return f"{units:,.0f} {unit}{'' if round(units) == 1 else 's'}"
    size, name = (2**40, "TiB") if units >= 2**40 else (2**30, "GiB")
    return f"{units / size:,.2f} {name}{unit.removeprefix('byte')}"
