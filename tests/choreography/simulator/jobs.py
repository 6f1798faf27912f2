"""Generator jobs that die midway and are tried again by Cloud Run, and training jobs that succeed, fail or die in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ripple.wire.events import Envelope, TrainingJobFinished
from ripple.wire.paths import bronze_name
from tests.choreography.simulator.scenario import Slice, manifest_of

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World

TASK_ATTEMPTS = 4
"""A first try and Cloud Run's default of three more."""


@dataclass(slots=True)
class GeneratorRuns:
    """Executions of Cloud Run jobs. Equal windows give equal rows under names that the batch id decides."""

    world: World
    states: dict[str, str] = field(default_factory=dict)

    def run(self, job: str, words: Sequence[str]) -> str:
        options = dict(zip(words[::2], words[1::2], strict=True))
        batch_id, flow = options["--batch-id"], job.removeprefix("generate-")
        slice_ = self.world.scenario.slices[flow, options["--from"], options["--to"]]
        number = sum(f"/{batch_id}-" in name for name in self.states) + 1
        name = f"jobs/{job}/executions/{batch_id}-{number}"
        self.states[name] = "RUNNING"
        self._attempt(name, batch_id, slice_, 1)
        return name

    def state(self, execution: str) -> str:
        return self.states.get(execution, "MISSING")

    def _attempt(self, name: str, batch_id: str, slice_: Slice, attempt: int) -> None:
        def ended(error: BaseException | None) -> None:
            if error is None:
                self.states[name] = "SUCCEEDED"
            elif attempt < TASK_ATTEMPTS:
                self.world.engine.after(10, lambda: self._attempt(name, batch_id, slice_, attempt + 1))
            else:
                self.states[name] = "FAILED"

        process = f"{name.rpartition('/')[2]}.{attempt}"
        self.world.engine.spawn(process, lambda: self._write(batch_id, slice_), ended)

    def _write(self, batch_id: str, slice_: Slice) -> None:
        step, settings, write = self.world.engine.step, self.world.settings, self.world.objects.create
        for number, data in enumerate(slice_.files):
            name = bronze_name(slice_.flow, slice_.window_from, f"{batch_id}-{number}", "jsonl")
            step(
                f"drop {name}",
                partial(write, settings.bucket("bronze"), name, data, {"ripple-batch": batch_id}),
            )
        if slice_.flow == "sales":
            orders = {key: {**order, "batch_id": batch_id} for key, order in slice_.orders.items()}
            half = len(orders) // 2
            for part in (list(orders.items())[:half], list(orders.items())[half:]):
                step("set orders", lambda part=part: self.world.sales.orders.update(part))  # type: ignore[misc]
            promise = json.dumps(manifest_of(batch_id, slice_)).encode()
            place = settings.bucket("landing"), f"sales/{batch_id}.json"
            step("drop manifest", lambda: self.world.objects.create(*place, promise, {}))


@dataclass(slots=True)
class TrainingJobs:
    """A job's id stays taken, whatever became of it."""

    world: World
    states: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    def submit(self, job: str, parameters: Mapping[str, Any]) -> bool:
        if job in self.states:
            return False
        self.states[job], self.parameters[job] = "RUNNING", dict(parameters)
        engine = self.world.engine
        dies = engine.faults.strikes("job fails", job, engine.now)
        silent = dies and engine.faults.roll(f"silent@{job}") < 0.5
        engine.spawn(job, lambda: self._train(job, dies, silent), lambda error: self._end(job, error))
        return True

    def state(self, job: str) -> str:
        return self.states.get(job, "MISSING")

    def _train(self, job: str, dies: bool, silent: bool) -> None:
        engine = self.world.engine
        engine.pause(30 + 270 * engine.faults.roll(f"training@{job}"))
        if not silent:
            engine.step("publish training.job.finished.v1", lambda: self._publish_end(job, dies), crash="job fails")
        engine.pause(5)
        self.states[job] = "FAILED" if dies else "SUCCEEDED"

    def _end(self, job: str, error: BaseException | None) -> None:
        """A job that reported its model has done its work, however its exit task ends."""
        if error is not None:
            self.states[job] = "SUCCEEDED" if job in self.reported else "FAILED"

    def _publish_end(self, job: str, dies: bool) -> None:
        parameters = self.parameters[job]
        fact = TrainingJobFinished(
            job=job,
            batch=int(parameters["batch"]),
            dataset_version=parameters["dataset_version"],
            state="failed" if dies else "succeeded",
            outcome="failed" if dies else "registered",
            reason="the machine died" if dies else "better than the champion",
            metrics={},
        )
        if not dies:
            self.reported.add(job)
        self.world.messages.publish(
            Envelope(
                fact=fact,
                source="//ripple/pipelines/train_repeat_purchase",
                time=self.world.moment(),
                correlation_id=parameters["correlation_id"],
                causation_id=parameters["causation_id"],
            )
        )
