"""`workflows/run_elt.yaml`, step by step, in executions that die without a word, stall for two leases, or are started twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ripple.errors import RetryableError
from ripple.state.claims import CLAIMS, KEPT, ClaimRecord, claim_id
from ripple.wire.events import EltPartSucceeded, EltRunFailed, EltRunSucceeded, Envelope, Fact
from tests.choreography.simulator.engine import LEASE, KilledError, Process

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World


POLL_SECONDS = 30.0


class InvocationFailedError(Exception):
    """What `await_invocation` raises: the invocation's state and why, and the statement that failed."""

    def __init__(self, reason: str, failed: str = "") -> None:
        super().__init__(reason)
        self.failed = failed


@dataclass(slots=True)
class Execution:
    name: str
    argument: Mapping[str, Any]
    state: str = "ACTIVE"
    process: Process | None = None
    claimed: bool = False
    late: bool = False
    """It took its claim after the end of its run was stated."""
    result: Any = None


@dataclass(slots=True)
class Workflows:
    world: World
    executions: dict[str, Execution] = field(default_factory=dict)

    def start(self, argument: Mapping[str, object]) -> str:
        """Not idempotent: twice is two executions."""
        argument = json.loads(json.dumps(argument))
        place = f"{argument['batch']}-{argument['epoch']}"
        number = sum(name.startswith(f"executions/{place}-") for name in self.executions) + 1
        execution = Execution(name=f"executions/{place}-{number}", argument=argument)
        self.executions[execution.name] = execution
        execution.process = self.world.engine.spawn(
            execution.name,
            lambda: self._live(execution),
            lambda error: self._end(execution, error),
        )
        return execution.name

    def state(self, name: str) -> str:
        return self.executions[name].state if name in self.executions else "UNAVAILABLE"

    def result(self, name: str) -> object:
        return self.executions[name].result

    def cancel(self, name: str) -> None:
        execution = self.executions[name]
        if execution.state == "ACTIVE" and execution.process is not None:
            execution.state = "CANCELLED"
            self.world.engine.cancel(execution.process)

    def _end(self, execution: Execution, error: BaseException | None) -> None:
        """An execution that died: half of them are seen to have failed, half stay ACTIVE for ever."""
        hangs = self.world.engine.faults.roll(f"hangs@{execution.name}") < 0.5
        if execution.state == "ACTIVE" and not (isinstance(error, KilledError) and hangs):
            execution.state = "FAILED" if error else "SUCCEEDED"

    def _live(self, execution: Execution) -> None:
        batch, epoch = execution.argument["batch"], execution.argument["epoch"]
        invocation: str | None = None
        try:
            if not self._claim(execution):
                return
            invocation = self._join_or_invoke(batch, epoch, execution.argument["part"])
            self._await(invocation)
            if not execution.argument["is_last"]:
                self._end_part(execution, invocation)
                return
            version, rows = self._step("read snapshot", lambda: self.world.warehouse.snapshots[batch])
        except (InvocationFailedError, RetryableError) as error:
            statement = error.failed if isinstance(error, InvocationFailedError) else ""
            actions = [{"action": statement, "message": "it does not take a row"}] if statement else []
            failed = EltRunFailed(
                batch=batch,
                epoch=epoch,
                execution=execution.name,
                state="FAILED",
                reason=str(error),
                failed_actions=actions,
            )
            self._publish(execution, failed)
            raise
        succeeded = EltRunSucceeded(
            batch=batch,
            epoch=epoch,
            execution=execution.name,
            invocation=invocation,
            snapshot_uri=f"gs://{self.world.settings.bucket('features')}/snapshots/batch={batch}/",
            dataset_version=version,
            train_rows=rows,
            test_rows=rows,
            score_rows=rows,
        )
        self._publish(execution, succeeded)
        execution.result = succeeded.data()

    def _end_part(self, execution: Execution, invocation: str) -> None:
        argument = execution.argument
        passed = EltPartSucceeded(
            batch=argument["batch"],
            epoch=argument["epoch"],
            part=argument["part"],
            trial=argument["is_trial"],
            execution=execution.name,
            invocation=invocation,
        )
        self._publish(execution, passed)
        execution.result = passed.data()

    def _step(self, what: str, effect: Any, in_flight: bool = False) -> Any:
        return self.world.engine.step(what, effect, crash="execution dies", in_flight=in_flight)

    def _retried(self, what: str, effect: Any) -> Any:
        """`http.default_retry`: five tries for what is idempotent."""
        for _ in range(4):
            try:
                return self._step(what, effect)
            except RetryableError:
                self.world.engine.pause(2)
        return self._step(what, effect)

    def _join_or_invoke(self, batch: int, epoch: int, part: int) -> str:
        """Again from the look on: a create whose answer was lost is found alive, not made twice."""
        for _ in range(4):
            try:
                return self.find_live(batch, epoch) or self._invoke(batch, epoch, part)
            except RetryableError:
                self.world.engine.pause(2)
        return self.find_live(batch, epoch) or self._invoke(batch, epoch, part)

    def _claim(self, execution: Execution) -> bool:
        argument = execution.argument
        batch, epoch, now = argument["batch"], argument["epoch"], self.world.moment()
        claim = ClaimRecord(batch=batch, epoch=epoch, execution=execution.name, claimed_at=now, expires_at=now + KEPT)
        documents, id = self.world.documents, claim_id(batch, epoch)
        if not self._retried("create claim", lambda: CLAIMS.create(documents, id, claim)):
            held = self._retried("read claim", lambda: CLAIMS.expect(documents, id))
            if held.execution != execution.name:
                return False
        execution.claimed = True
        execution.late = any(
            isinstance(fact, EltRunFailed) and (fact.batch, fact.epoch) == (batch, epoch)
            for fact in self.world.messages.published
        )
        return True

    def find_live(self, batch: int, epoch: int) -> str | None:
        """A running invocation of this run is adopted; any other of ours is ended first: one at a time writes tables."""
        warehouse = self.world.warehouse
        until = self.world.engine.now + LEASE
        while True:
            live = self._retried(
                "list invocations", lambda: [(i.name, (i.batch, i.epoch), i.state) for i in warehouse.live()]
            )
            if not live:
                return None
            for name, owner, state in live:
                if owner == (batch, epoch) and state == "RUNNING":
                    return str(name)
                if state == "RUNNING":
                    self._retried(f"cancel {name}", lambda name=name: warehouse.cancel(name))
            if self.world.engine.now > until:
                raise InvocationFailedError("an earlier invocation did not end before the deadline")
            self.world.engine.pause(POLL_SECONDS)

    def _invoke(self, batch: int, epoch: int, part: int) -> str:
        self._retried("compile", lambda: None)
        return str(
            self._step("create invocation", lambda: self.world.warehouse.invoke(batch, epoch, part), in_flight=True)
        )

    def _await(self, name: str) -> None:
        until, cancelled, wait = self.world.engine.now + LEASE, False, 5.0
        while True:
            state = self._retried("poll", lambda: self.world.warehouse.invocations[name].state)
            if state == "SUCCEEDED":
                return
            if state in ("FAILED", "CANCELLED"):
                failed = self._retried("query actions", lambda: self.world.warehouse.invocations[name].failed)
                raise InvocationFailedError(f"the invocation ended as {state}", failed)
            if self.world.engine.now > until and cancelled:
                raise InvocationFailedError("the invocation did not end after it was cancelled")
            if self.world.engine.now > until:
                self._retried("cancel", lambda: self.world.warehouse.cancel(name))
                cancelled, until = True, self.world.engine.now + 600
            self.world.engine.pause(wait)
            wait = min(wait * 1.5, 30.0)

    def _publish(self, execution: Execution, fact: Fact) -> None:
        envelope = Envelope(
            fact=fact,
            source="//ripple/workflows/run_elt",
            time=self.world.moment(),
            correlation_id=execution.argument["correlation_id"],
            causation_id=execution.argument["causation_id"],
        )
        self._retried(f"publish {fact.id}", lambda: self.world.messages.publish(envelope))
