"""Why is it so: a sentence about a batch, an object or a replay. What is stalled says what was expected of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.attempts import Attempt, describe_attempts, read_attempts
from cli.exports import explain_export, find_exports, trace_export
from cli.incidents import advise_on_hold, describe_incident, describe_parked, explain_flow, find_holds
from cli.ledger import read_stalled
from cli.tracing import read_rest, trace_object
from ripple.deployment.settings import BATCH_FILES
from ripple.flows import has_flow
from ripple.gateways.edge import open_edge
from ripple.ports import DocumentStore
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.exports import EXPORTS
from ripple.state.files import FILES, PARKED, FileRecord
from ripple.state.head import HEAD
from ripple.state.holds import Hold
from ripple.state.replays import REPLAYS
from ripple.state.trainings import TRAININGS, TrainingRecord
from ripple.wire.events import ReplayRunPlanned

Document = Mapping[str, Any]
_FEW = 3
_LONGEST = 300


def explain(environ: Mapping[str, str], run: str) -> str:
    """`run` is a batch's number, `batches/N`, a flow, a URI in Bronze or of a manifest, a batch of sales, or the id of a replay."""
    if run.startswith("gs://"):
        trace = trace_object(environ, run)
        if "export" in trace:
            return _explain_exports(environ, [trace])
        return explain_object(trace, read_stalled(environ, [run]))
    documents, number = open_edge(environ).documents, run.removeprefix(BATCHES.path(""))
    if has_flow(flow := run.removeprefix("flows/")):
        return explain_flow(flow, HEAD.get(documents).holds)
    if number.isdecimal():
        return _explain_number(environ, int(number), documents)
    exports = find_exports(documents, run)
    if exports:
        return _explain_exports(environ, [trace_export(documents, key) for key in exports])
    replay = REPLAYS.get(documents, run.replace("/", "")) if run else None
    return explain_replay(run, replay.plan) if replay else f"There is no replay {run}; see `ripple events`."


def _explain_number(environ: Mapping[str, str], number: int, documents: DocumentStore) -> str:
    batch = BATCHES.get(documents, number)
    training = TRAININGS.get(documents, number) if batch else None
    names = [BATCHES.path(number), TRAININGS.path(number)]
    names += [name for name in (batch and batch.execution, training and training.job) if name]
    waits = describe_queue(read_rest(documents)) if number in HEAD.get(documents).replays else ""
    attempts = read_attempts(environ, number) if batch and batch.state != "done" else []
    holds = find_holds(batch, HEAD.get(documents).holds) if batch else []
    said = explain_batch(number, batch, training, read_stalled(environ, names), waits, attempts, holds)
    if not batch:
        return said
    parked = describe_parked(number, find_parked(documents, number)) if batch.parked else []
    if batch.state == "done":
        return "\n".join([said, *parked])
    files = [file.uri for _, file in FILES.find(documents, _FEW, batch=number)]
    return "\n".join([said, *parked[:-1], *advise(number, batch, files, holds)])


def find_parked(documents: DocumentStore, number: int) -> list[FileRecord]:
    """The files that left a batch and are parked still."""
    found = (file for _, file in FILES.find(documents, BATCH_FILES, batch=PARKED))
    return [file for file in found if file.parking is not None and file.parking.batch == number]


def advise(number: int, batch: BatchRecord, files: Sequence[str], holds: Sequence[Hold] = ()) -> list[str]:
    """What helps to look further: the batch's files, and the next command. Pure."""
    found = [f"file: {uri}" for uri in files]
    found += [f"and {batch.files - len(files)} files more"] if files and batch.files > len(files) else []
    after = (
        f"fix the cause, then: ripple replay --batch {number}" if batch.state == "parked" else "ripple events --follow"
    )
    return [*found, f"next: {advise_on_hold(holds[0]) if holds else after}"]


def _explain_exports(environ: Mapping[str, str], traces: Sequence[dict[str, Any]]) -> str:
    stuck = [describe_stall(read_stalled(environ, [EXPORTS.path(trace["export"])]), ("sales.",)) for trace in traces]
    return "\n".join(map(explain_export, traces, stuck))


def describe_queue(rest: str) -> str:
    """What a batch that is to run again waits for; `rest` is why no run may start now. Pure."""
    return rest or "its turn, after the run that is live"


def explain_batch(
    number: int,
    batch: BatchRecord | None,
    training: TrainingRecord | None,
    stalled: Sequence[Document],
    waits: str = "",
    attempts: Sequence[Attempt] = (),
    holds: Sequence[Hold] = (),
) -> str:
    """Why the batch trained or did not, or where it is stuck; `waits` is what its replay waits for, `attempts` its runs, `holds` the
    held flows that it waits for. Pure."""
    if batch is None:
        return f"There is no batch {number}; see `ripple runs`."
    if waits:
        return f"Batch {number} is {batch.state} and is to run again; it waits: {waits}."
    if batch.state != "done":
        stuck = describe_stall(stalled, ("elt.",))
        said = [stuck or describe_unfinished(batch, attempts), describe_attempts(attempts)]
        return f"Batch {number} is {batch.state}: {describe_incident(batch, holds) or '; '.join(filter(None, said))}."
    if training is None:
        stuck = describe_stall(stalled, ("training.",))
        return f"Batch {number} is done; start_training has not decided yet{stuck and ': ' + stuck}."
    if not training.train:
        return f"Batch {number} did not train: {training.reason}."
    if training.ended:
        ending = f"{training.outcome}: {training.ending}"
    else:
        ending = describe_stall(stalled, ("training.",)) or "it has not ended yet"
    job = f"job {training.job}, attempt {training.attempts}"
    return f"Batch {number} trained: {training.reason} ({job}; {ending})."


def describe_unfinished(batch: BatchRecord, attempts: Sequence[Attempt]) -> str:
    """Why it is not done; of one that runs again, its attempts say that. Pure."""
    if batch.state != "parked" and describe_attempts(attempts):
        return ""
    return batch.reason or "its ELT run has not ended"


def describe_stall(stalled: Sequence[Document], kinds: tuple[str, ...]) -> str:
    """What did not come, of whom, since when, and why; empty if nothing of these kinds is missed. Pure."""
    missed = [fact for fact in stalled if str(fact["expected"]).startswith(kinds)]
    if not missed:
        return ""
    last = missed[-1]
    return f"stalled, as {last['expected']} was expected of {last['of']} since {last['since']} and did not come ({last['reason']})"


def explain_object(trace: Document, stalled: Sequence[Document]) -> str:
    """How far an object has come and what it waits for, or where it is stuck. Pure."""
    if trace["state"] in ("not claimed", "claimed") and (stuck := describe_stall(stalled, ("bronze.",))):
        return f"{trace['uri']} is {stuck}."
    reason = f" ({trace['reason']})" if trace.get("reason") else ""
    if trace["state"] == "rejected":
        return explain_rejected(trace)
    place = f" and in batch {trace['batch']}, which is {trace['run_state']}" if trace.get("batch") else ""
    return f"{trace['uri']} is {trace['state']}{reason}{place}; it waits for {trace['waiting_for']}."


def explain_rejected(trace: Document) -> str:
    """Why a file was refused: its own reason, the commonest code of its rows with the first example, and what to do. Pure."""
    said = [f"{trace['uri']} is rejected ({trace.get('reason') or 'no reason'})."]
    if trace.get("commonest"):
        said.append(f"commonest: {trace['commonest']}: {trace['meaning']}")
    if trace.get("example"):
        said.append(f"first example: {trace['example']}")
    if trace.get("advice"):
        said.append(f"advice: {trace['advice']}")
    look = f"ripple quarantine show {trace['uri']}"
    again = f"once the cause is gone, ripple replay --object {trace['uri']}"
    return "\n".join([*said, f"next: {look if trace.get('commonest') else again}"])


def explain_replay(replay_id: str, planned: ReplayRunPlanned) -> str:
    """What a replay was and whether it fired. Pure."""
    title, *rest = planned.words
    if not planned.targets:
        return f"{replay_id}, a {title}, fired nothing: {rest[-1]}."
    return f"{replay_id}, a {title}, fired: its facts are `ripple events --replay {replay_id}`."
