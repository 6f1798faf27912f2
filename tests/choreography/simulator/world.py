"""One run: the platform in one world, faults first, then none, an operator, and what must hold at rest."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ripple.deployment.routes import STAGES
from ripple.deployment.settings import Settings
from ripple.handling.shell import Payload
from ripple.handling.stating import Cause
from ripple.ports import StoredObject
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.caps import DAY, HOUR, rests_until
from ripple.state.files import is_any_waiting
from ripple.state.head import HEAD, EltRun
from ripple.state.holds import held_flows
from ripple.state.outbox import OUTBOX
from ripple.state.redrives import REDRIVES
from ripple.state.training_head import TRAINING_HEAD
from ripple.state.trainings import TRAININGS, TrainingRecord
from tests.choreography.simulator.engine import LEASE, Engine
from tests.choreography.simulator.faults import FaultSchedule
from tests.choreography.simulator.jobs import GeneratorRuns, TrainingJobs
from tests.choreography.simulator.messaging import SKEW, Messages
from tests.choreography.simulator.ports import SteppedEdge
from tests.choreography.simulator.scenario import LIVE, LIVE_ORDERS, Outside, Scenario
from tests.choreography.simulator.warehouse import Warehouse
from tests.choreography.simulator.workflows import Workflows
from tests.functions.fakes import FakeDocuments, FakeObjects, FakeSales, FakeTransaction

START = dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)
SWEEP_SECONDS = 300.0
Handler = Callable[[Payload, Cause, SteppedEdge], None]
HANDLERS: Mapping[str, Handler] = {stage: import_module(f"functions.{stage}.stage").react for stage in STAGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What runs: the handlers by stage, and the makers of what surrounds them. Broken ones replace one of these."""

    handlers: Mapping[str, Handler] = field(default_factory=lambda: HANDLERS)
    edge: Callable[[World, Settings], SteppedEdge] = SteppedEdge
    workflows: Callable[[World], Workflows] = Workflows
    warehouse: Callable[[World], Warehouse] = Warehouse
    sent_back: Collection[str] = tuple(STAGES)
    """Stages whose dead letters the operator sends back: without one, what else repairs its losses is alone."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Rates of faults that differ."""


class _Objects(FakeObjects):
    """Notifies Eventarc of what is new in the two buckets that trigger."""

    def __init__(self, world: World) -> None:
        super().__init__(clock=world.moment)
        self._world = world

    def put(
        self, bucket: str, name: str, data: bytes, metadata: Mapping[str, str] | None = None, encoding: str = ""
    ) -> StoredObject:
        stored = super().put(bucket, name, data, metadata, encoding)
        if bucket.endswith(("-bronze", "-landing")):
            self._world.messages.finalize(stored)
        return stored


class _Documents(FakeDocuments):
    """Counts how often each fact was decided (stated twice is harmless, decided twice is not), and remembers every start that
    was noted: the state itself keeps no more than its next decision needs.
    """

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        super().__init__(clock)
        self.decided: Counter[str] = Counter()
        self.starts: dict[str, list[dt.datetime]] = {HEAD.path: [], TRAINING_HEAD.path: []}
        self.runs: list[EltRun] = []
        self.first_jobs: list[tuple[int, TrainingRecord]] = []
        self.parked: dict[str, dt.datetime] = {}
        self.held_flows: set[str] = set()

    def commit(self, transaction: FakeTransaction) -> None:
        super().commit(transaction)
        for kind, path, document in transaction.writes:
            self.decided.update([path] if kind == "set" and path.startswith(OUTBOX.path("")) else [])
            if path == HEAD.path:
                head = HEAD.collection.read(path, document)
                self._remember(self.starts[path], head.starts.noted)
                self.held_flows |= held_flows(head.holds)
                if head.run and (not self.runs or head.run.decided_at != self.runs[-1].decided_at):
                    self.runs.append(head.run)
            elif path == TRAINING_HEAD.path:
                self._remember(self.starts[path], TRAINING_HEAD.collection.read(path, document).noted)
            elif path.startswith(BATCHES.path("")) and document.get("state") == "parked":
                self.parked[path] = self.now
            elif path.startswith(TRAININGS.path("")):
                self._note_training(path, TRAININGS.read(path, document))

    def _note_training(self, path: str, record: TrainingRecord) -> None:
        known = [job.job for _, job in self.first_jobs]
        if record.train and record.attempts == 1 and not record.replays and record.job not in known:
            self.first_jobs.append((int(path.rpartition("/")[2]), record))

    def _remember(self, known: list[dt.datetime], noted: Sequence[dt.datetime]) -> None:
        known += [start for start in noted if not known or start > known[-1]]


class World:
    """Everything of one run. `skew` is how far clocks of handlers may be off, in seconds."""

    def __init__(
        self, scenario: Scenario, faults: FaultSchedule, protocol: Protocol, trace: list[str] | None = None
    ) -> None:
        self.scenario, self.skew = scenario, SKEW if faults.until else 0.0
        self.engine = Engine(faults, trace)
        self.protocol = protocol
        self.unreported: list[str] = []
        self.rough_steps = 0
        self.settings = Settings(
            project="ripple-test",
            pipeline_spec="gs://ripple-test-models/spec.json",
            elt_lease_seconds=int(LEASE),
            elt_files_per_batch=scenario.files_per_batch,
            elt_bytes_per_batch=scenario.caps.bytes_per_batch,
            elt_runs_per_hour=scenario.caps.runs_per_hour,
            training_jobs_per_day=scenario.caps.jobs_per_day,
            elt_settle_seconds=5,
            # A slice may hold a single order, and that one may be bad.
            reject_ratio=1.0 if scenario.rows_per_slice == 1 else 0.6,
            export_rows_per_slice=scenario.rows_per_slice,
        )
        self.objects: FakeObjects = _Objects(self)
        self.documents = _Documents(clock=self.moment)
        self.sales = FakeSales(orders=dict(LIVE_ORDERS) if ("sales", *LIVE) in scenario.slices else {})
        self.messages = Messages(self, scenario.delivery_attempts)
        self.workflows = protocol.workflows(self)
        self.warehouse = protocol.warehouse(self)
        self.generators, self.vertex = GeneratorRuns(self), TrainingJobs(self)
        self.edge = protocol.edge(self, self.settings)
        self.handlers = {name: self._settling(name, handler) for name, handler in protocol.handlers.items()}
        self.objects.put("ripple-test-models", "spec.json", b"{}")

    def rests_until(self, ago: float) -> float | None:
        """When the first of the caps that held something back `ago` seconds before now allows it, in seconds; None if none did."""
        then = self.moment() - dt.timedelta(seconds=ago)
        moments = [self._runs_rest_until(then), self._training_rests_until(then)]
        return min(((moment - START).total_seconds() for moment in moments if moment), default=None)

    def started_within(self, seconds: float) -> bool:
        """Whether a run or a job began in the last so many seconds."""
        since = self.moment() - dt.timedelta(seconds=seconds)
        return any(starts and starts[-1] > since for starts in self.documents.starts.values())

    def _runs_rest_until(self, then: dt.datetime) -> dt.datetime | None:
        head = HEAD.get(self.documents)
        if not head.replays and not is_any_waiting(self.documents, held_flows(head.holds)):
            return None
        return rests_until(head.starts, self.scenario.caps.runs_per_hour, HOUR, then)

    def parts_rest_until(self) -> float | None:
        """When the next part of an incident may run, in seconds: now, or when all that it waits for is tried again; None for none."""
        head = HEAD.get(self.documents)
        again = max((one.again_at for one in head.holds), default=self.moment())
        return (again - START).total_seconds() if head.incidents else None

    def _training_rests_until(self, then: dt.datetime) -> dt.datetime | None:
        if not any(TRAININGS.find(self.documents, 1, deferred=True)):
            return None
        return rests_until(TRAINING_HEAD.get(self.documents), self.scenario.caps.jobs_per_day, DAY, then)

    def moment(self) -> dt.datetime:
        return self.moment_at(self.engine.now)

    def moment_at(self, seconds: float) -> dt.datetime:
        return START + dt.timedelta(seconds=seconds)

    def _settling(self, name: str, handler: Handler) -> Handler:
        if name != "start_elt":
            return handler
        return lambda payload, cause, edge: handler(payload, cause, edge, self.engine.pause)  # type: ignore[call-arg]

    def schedule(self, until: float) -> None:
        """Everything from outside, and a sweep every five minutes."""
        for event in self.scenario.events:
            self.engine.at(event.at, lambda event=event: self._happen(event))  # type: ignore[misc]
        self.keep_sweeping(until)

    def keep_sweeping(self, until: float) -> None:
        due = SWEEP_SECONDS * (int(self.engine.now // SWEEP_SECONDS) + 1)
        if due <= until:
            self.engine.at(due, lambda: self._sweep(due, until))

    def _sweep(self, due: float, until: float) -> None:
        self.messages.tick("sweep", f"sweep-{int(due // SWEEP_SECONDS)}", {})
        self.keep_sweeping(until)

    def _happen(self, event: Outside) -> None:
        self.engine.say(f"from outside: {event.kind} {event.name}")
        if event.kind == "tick":
            self.messages.tick("batch", event.name, event.body)
        elif event.kind == "replay":
            self.messages.command("ripple-replays", "replay", event.name, {"replay_id": event.name, **event.body})
        else:
            self.objects.put(self.settings.bucket("bronze"), event.name, event.data)

    def operate(self) -> None:
        """What a person does when there are no more faults: send dead letters back, release parked batches, train again."""
        letters = self.find_letters()
        if letters and self.protocol.sent_back == tuple(STAGES):
            self.ask_replay({"kind": "dead-letter", "all": True})
        elif letters:
            self.ask_replay({"kind": "dead-letter", "ids": letters})
        for number, batch in BATCHES.find_all(self.documents):
            if batch.state == "parked":
                self._expect_report(BATCHES.path(number), batch)
                self.ask_replay({"kind": "batch", "batch": int(number)})
        for number, training in TRAININGS.find_all(self.documents):
            if training.outcome == "failed":
                self.ask_replay({"kind": "training", "batch": int(number)})

    def _expect_report(self, path: str, batch: BatchRecord) -> None:
        """A person learns of a parked batch from what is stated of it, three sweeps later."""
        since = max(
            self.documents.parked[path], self.moment_at(max(self.engine.faults.until, self.engine.faults.over_at))
        )
        if (
            self.moment() - since > dt.timedelta(seconds=3 * SWEEP_SECONDS)
            and batch.stall_told != f"epoch {batch.epoch}"
        ):
            self.unreported.append(path)

    def find_letters(self) -> list[str]:
        """Ids of the dead letters that the operator is to send back and has not."""
        redriven = dict(REDRIVES.find_all(self.documents))
        letters = self.messages.dead_letters.letters
        return [id for id in letters if id not in redriven and letters[id].stage in self.protocol.sent_back]

    def ask_replay(self, body: Mapping[str, Any]) -> None:
        name = f"operator-{int(self.engine.now)}-{body.get('batch', body['kind'])}"
        self.messages.command("ripple-replays", "replay", name, {"replay_id": name, **body})
