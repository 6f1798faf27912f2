"""Turn a replay command into a plan, state it, and fire it: facts that stages react to, dead letters that go back.

The same command twice is one replay: its plan is kept under the replay's id, and what was fired is fired again unchanged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from functions.replay.redriving import RedrivePorts, send_back
from ripple.errors import PermanentError
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, correlated, send, state_as
from ripple.ports.holders import HasSettings
from ripple.replaying.commands import Request, read_request, replay_id_of
from ripple.replaying.forgetting import write_tombstones
from ripple.replaying.gathering import PlanningPorts, make_plan
from ripple.state.replays import REPLAYS, ReplayRecord, plan_id
from ripple.wire.events import ReplayRunPlanned, ReplayRunStarted

STAGE = "replay"


class FirePorts(RedrivePorts, HasSettings, Protocol):
    """What firing a plan takes."""


class ReplayPorts(FirePorts, PlanningPorts, Protocol):
    """What `replay` acts through."""


def react(payload: Payload, cause: Cause, ports: ReplayPorts) -> None:
    """State the plan; unless it is a dry run, fire it. The message's id names a replay that brings no name."""
    if not isinstance(payload, Command):
        raise PermanentError("command_malformed", "replay reacts to commands only")
    request = read_request(payload.body, ports.settings)
    replay = plan_once(request, request.replay_id or replay_id_of(cause.event_id), ports)
    planned = replay.plan
    line = correlated(cause, planned.replay_id, replay.replay_of)
    send([state_as(planned, STAGE, line, replay.at)], ports.publisher, ports.documents)
    if planned.targets and not planned.dry_run:
        fire(planned, line, replay.at, ports)


def plan_once(request: Request, replay_id: str, ports: PlanningPorts) -> ReplayRecord:
    """The plan as it was made first: by a second delivery the world has moved on."""
    id = plan_id(replay_id, dry_run=request.dry_run)
    known = REPLAYS.get(ports.documents, id)
    if known is not None:
        return known
    plan = make_plan(request, ports)
    planned = ReplayRunPlanned(replay_id=replay_id, dry_run=request.dry_run, **plan.data())
    now = ports.documents.run(lambda _transaction, read_at: read_at)
    made = ReplayRecord(plan=planned, replay_of=plan.replay_of, at=now)
    return made if REPLAYS.create(ports.documents, id, made) else REPLAYS.expect(ports.documents, id)


def fire(planned: ReplayRunPlanned, line: Cause, at: dt.datetime, ports: FirePorts) -> None:
    """State what the stages react to, as of the time `at` of the plan; dead letters go back to where they came from."""
    targets = {planned.kind: tuple(planned.targets)}
    if planned.kind == "object":
        targets = part_objects(planned.targets, ports)
    elif planned.kind == "forget":
        targets = {"batch": write_tombstones(planned.targets, planned.replay_id, at, ports)}
    elif planned.kind == "dead-letter":
        targets |= part_objects(send_back(planned.targets, planned.replay_id, at, ports), ports)
    for kind, of_kind in targets.items():
        if not of_kind:
            continue
        # A second kind is a fact beside the first one: it needs an id of its own.
        name = planned.replay_id if kind == next(iter(targets)) else f"{planned.replay_id}-{kind}"
        fact = ReplayRunStarted(replay_id=name, kind=kind, targets=of_kind)
        send([state_as(fact, STAGE, line, at)], ports.publisher, ports.documents)


def part_objects(uris: Sequence[str], ports: HasSettings) -> dict[str, tuple[str, ...]]:
    """Objects of Bronze, and manifests in landing, each under the kind that their stage reacts to."""
    landing = f"gs://{ports.settings.bucket('landing')}/"
    kinds: dict[str, tuple[str, ...]] = {}
    for uri in uris:
        kind = "manifest" if uri.startswith(landing) else "object"
        kinds[kind] = (*kinds.get(kind, ()), uri)
    return kinds
