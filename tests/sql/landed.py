"""A batch made by the real stages over recording ports, and put into the lake as they left it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.export_sales import stage as export_sales
from functions.land_object import stage as land_object
from functions.start_elt.file_list import write_file_list
from ripple.deployment.settings import Settings
from ripple.handling.shell import Finalized
from ripple.rows.contracts import Contract
from ripple.state.files import FILES, find_waiting
from ripple.wire.events import BronzeObjectLanded, SalesSliceExported
from tests.functions.fakes import FakeEdge, cause
from tests.functions.test_export_sales import manifest
from tests.sql.conftest import Lake
from tests.sql.project import PROJECT


@dataclass(slots=True)
class Landing:
    """Puts objects into Bronze, lands them under the contracts that `load` gives, and claims them into batches."""

    lake: Lake
    load: Callable[[str], Contract]
    edge: FakeEdge = field(default_factory=lambda: FakeEdge(settings=Settings(project=PROJECT)))
    _copied: set[tuple[str, str]] = field(default_factory=set)

    def drop(self, name: str, lines: Sequence[str], metadata: Mapping[str, str] | None = None) -> BronzeObjectLanded:
        data = "".join(f"{line}\n" for line in lines).encode()
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

    def claim(self, batch: int) -> None:
        """All that landed since the last claim is the batch; the lake gets what the ports hold."""
        for key, _ in find_waiting(self.edge.documents, 1000):
            FILES.update(self.edge.documents, key, batch=batch)
        write_file_list(batch, 1, self.edge)
        for place, (_, data) in self.edge.objects.live.items():
            bucket, name = place
            if place not in self._copied and not bucket.endswith("-landing"):
                self.lake.write(bucket.removeprefix(f"{PROJECT}-"), name, data)
                self._copied.add(place)
