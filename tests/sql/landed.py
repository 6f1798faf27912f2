"""A batch made by the real stages over recording ports, and put into the lake as they left it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.export_sales import stage as export_sales
from functions.land_object import stage as land_object
from ripple.deployment.settings import Settings
from ripple.handling.shell import Finalized
from ripple.rows.contracts import Contract
from ripple.state.files import FILES, find_waiting
from ripple.wire.events import BronzeObjectLanded, SalesSliceExported
from tests.functions.fakes import FakeEdge, cause
from tests.functions.test_export_sales import manifest
from tests.sql.bronze import Batch
from tests.sql.conftest import Lake
from tests.sql.project import PROJECT


@dataclass(slots=True)
class Landing:
    """Puts objects into Bronze, lands them under the contracts that `load` gives, and claims them into batches."""

    lake: Lake
    load: Callable[[str], Contract]
    edge: FakeEdge = field(default_factory=lambda: FakeEdge(settings=Settings(project=PROJECT)))
    claimed: dict[int, Batch] = field(default_factory=dict)
    _copied: set[tuple[str, str]] = field(default_factory=set)

    def drop(
        self, name: str, lines: Sequence[str] | bytes, metadata: Mapping[str, str] | None = None
    ) -> BronzeObjectLanded:
        """`lines` without their ends, or the object's bytes."""
        data = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        stored = self.edge.objects.put(f"{PROJECT}-bronze", name, data, metadata)
        return self._land(Finalized(ref=stored.ref, size=stored.size, metadata=stored.metadata))

    def export(self, batch_id: str, orders: Mapping[str, dict[str, Any]]) -> BronzeObjectLanded:
        """The documents of one batch of sales, by id, through the export."""
        self.edge.sales.orders = {name: row | {"batch_id": batch_id} for name, row in orders.items()}
        promise = json.dumps(manifest(self.edge, batch_id=batch_id)).encode()
        stored = self.edge.objects.put(f"{PROJECT}-landing", f"sales/{batch_id}.json", promise)
        finalized = Finalized(ref=stored.ref, size=stored.size, metadata={})
        export_sales.react(finalized, cause(), self.edge, self.load)
        (fact,) = [made for made in self.edge.publisher.facts(SalesSliceExported) if made.batch_id == batch_id]
        slice_ = self.edge.objects.stat(f"{PROJECT}-bronze", fact.uri.split("/", 3)[3])
        return self._land(Finalized(ref=slice_.ref, size=slice_.size, metadata=slice_.metadata))

    def _land(self, finalized: Finalized) -> BronzeObjectLanded:
        land_object.react(finalized, cause(), self.edge, self.load)
        fact = self.edge.publisher.sent[-1].fact
        assert isinstance(fact, BronzeObjectLanded), fact
        return fact

    def claim(self, number: int) -> Batch:
        """All that landed since the last claim is the batch; the lake gets what the ports hold."""
        batch = Batch(number=number, write=self.lake.write)
        for key, file in find_waiting(self.edge.documents, 1000):
            FILES.update(self.edge.documents, key, batch=number)
            listed = {name: getattr(file.landed, name) for name in _LISTED}
            batch.files.append({"batch": number, "epoch": batch.epoch, "part": batch.part, **listed})
        for place, (_, data) in self.edge.objects.live.items():
            bucket, name = place
            if place not in self._copied and not bucket.endswith("-landing"):
                self.lake.write(bucket.removeprefix(f"{PROJECT}-"), name, data)
                self._copied.add(place)
        self.claimed[number] = batch
        return batch


_LISTED = (
    *("flow", "uri", "generation", "dt", "rows", "rows_quarantined", "rows_checked", "quarantine_uri", "corrects_uri"),
    *("arrived_at", "checked_uri"),
)
