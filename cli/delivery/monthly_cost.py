"""What a month at a volume costs, by the model that keeps the prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cli.costing import estimate, read_prices, read_usage
from cli.volume import describe_volume


class MonthlyCost(Protocol):
    """A month's estimate in US dollars, by service, and what the volume does not fit."""

    @property
    def usd(self) -> float: ...
    @property
    def by_service(self) -> Mapping[str, float]: ...
    @property
    def warnings(self) -> Sequence[str]: ...


class CostModel(Protocol):
    """Of so many files a day."""

    def __call__(self, files_per_day: float, /) -> MonthlyCost: ...


def describe_cost(files_per_day: int, model: CostModel) -> dict[str, Any]:
    """The estimate as JSON."""
    cost = model(files_per_day)
    return {
        "files_per_day": files_per_day,
        "usd_per_month": round(cost.usd, 2),
        "by_service": {service: round(usd, 2) for service, usd in cost.by_service.items()},
        "warnings": list(cost.warnings),
    }


def summarize_cost(described: Mapping[str, Any]) -> str:
    """The estimate for a person, dearest service first. Pure."""
    dearest = [f"{service} {usd:.2f}" for service, usd in list(described["by_service"].items())[:3]]
    text = f"{described['files_per_day']:,} files a day cost some {described['usd_per_month']:,.2f} USD a month"
    return "\n  ".join([f"{text} ({', '.join(dearest)} ...)", *described["warnings"]])


def load_model() -> CostModel:
    """That of `cli.costing`, at its own prices and usage."""
    prices, usage = read_prices(), read_usage()
    return lambda files_per_day: estimate(describe_volume(files_per_day, usage), prices, usage)
