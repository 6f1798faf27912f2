"""The nine properties of the architecture, (a) to (i), and beyond them: large exports (j), locks (k), reports (l), plans (m), fences."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from functions.start_training.deciding import ATTEMPTS
from ripple.ports import StoredObject
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.caps import DAY, HOUR
from ripple.state.exports import EXPORTED, EXPORTS
from ripple.state.files import FILES, PARKED
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.redrives import REDRIVES
from ripple.state.ticks import TICKS
from ripple.state.training_head import TRAINING_HEAD
from ripple.wire.events import (
    BronzeObjectLanded,
    BronzeObjectRejected,
    EltRunSucceeded,
    ReplayRunPlanned,
    SalesExportFinished,
)
from tests.choreography.simulator.poison import an_incident_has_an_end, what_is_parked_is_poison_and_was_reported
from tests.choreography.simulator.scenario import CANARY
from tests.choreography.simulator.world import World


def find_violation(world: World) -> str:
    """The first property that does not hold, by its letter; empty if all do."""
    for check in CHECKS:
        for found in check(world):
            return found
    return ""


def at_all_times(world: World) -> Iterator[str]:
    if world.warehouse.most_live > 1:
        yield "always: two Dataform invocations of the platform were live at once"
    held = Counter((e.argument["batch"], e.argument["epoch"]) for e in world.workflows.executions.values() if e.claimed)
    for (batch, epoch), count in held.items():
        if count > 1:
            yield f"always: {count} executions worked for batch {batch} epoch {epoch}"


def fences_hold(world: World) -> Iterator[str]:
    """Whoever is called dead stays dead: no epoch is given twice, and no execution begins once its run has ended."""
    epochs = [run.epoch for run in world.documents.runs]
    if any(later <= earlier for earlier, later in pairwise(epochs)):
        yield f"always: the epochs of runs do not rise: {epochs}"
    for execution in world.workflows.executions.values():
        if execution.late:
            yield f"always: {execution.name} began to work after the end of its run was stated"


def l_what_needs_a_person_is_reported(world: World) -> Iterator[str]:
    for path in world.unreported:
        yield f"(l) {path} is parked, and nothing states it"


def m_a_replay_has_one_plan(world: World) -> Iterator[str]:
    plans: dict[str, set[str]] = {}
    for fact in world.messages.published:
        if isinstance(fact, ReplayRunPlanned):
            plans.setdefault(fact.id, set()).add(repr(fact.data()))
    for id, different in plans.items():
        if len(different) > 1:
            yield f"(m) {id} was planned in {len(different)} ways"


def caps_hold(world: World) -> Iterator[str]:
    """Of an hour's runs all but retries of the last are within the cap; a day's jobs are, but for retries and replays."""
    caps, starts = world.scenario.caps, world.documents.starts
    most = caps.runs_per_hour + world.settings.elt_attempts - 1
    if caps.runs_per_hour and _most_within(HOUR, starts[HEAD.path]) > most:
        yield f"always: more than {most} runs began within an hour, the cap is {caps.runs_per_hour}"
    most = ATTEMPTS * (caps.jobs_per_day + world.messages.asked_trainings)
    if caps.jobs_per_day and _most_within(DAY, starts[TRAINING_HEAD.path]) > most:
        yield f"always: more than {most} training jobs began within a day, the cap is {caps.jobs_per_day}"


def _most_within(window: dt.timedelta, starts: Sequence[dt.datetime]) -> int:
    return max((bisect_left(starts, first + window) - number for number, first in enumerate(starts)), default=0)


def a_every_generation_is_in_one_committed_batch(world: World) -> Iterator[str]:
    published: dict[str, list[int]] = {}
    for batch, row in world.warehouse.files:
        published.setdefault(row["uri"], []).append(batch)
    batches = dict(BATCHES.find_all(world.documents))
    files = dict(FILES.find_all(world.documents))
    for stored in _in_bronze(world):
        file = files.get(stored.ref.key)
        if file is None or file.state == "claimed":
            yield f"(a) {stored.ref.name} is {file.state if file else 'never claimed'}"
        elif file.batch == PARKED:
            if stored.ref.uri in published:
                yield f"(a) {stored.ref.name} is parked, and published by {published[stored.ref.uri]}"
        elif file.state == "landed" and not (
            published.get(stored.ref.uri) == [file.batch] and _is_done(batches, file.batch)
        ):
            yield f"(a) {stored.ref.name} is published by {published.get(stored.ref.uri)}, and of batch {file.batch}"


def _in_bronze(world: World) -> Iterable[StoredObject]:
    return world.objects.list(world.settings.bucket("bronze"), "")


def _is_done(batches: Mapping[str, BatchRecord], number: object) -> bool:
    batch = batches.get(str(number))
    return batch is not None and batch.state == "done"


def b_no_tick_is_lost_or_acted_on_twice(world: World) -> Iterator[str]:
    found = sum(not stored.ref.name.endswith(".parquet") for stored in _in_bronze(world))
    if found != world.scenario.expected_files:
        yield f"(b) {found} files in Bronze, {world.scenario.expected_files} were to come"
    ticks = list(TICKS.find_all(world.documents))
    if len(ticks) != len(world.scenario.slices):
        yield f"(b) {len(ticks)} batches were begun, {len(world.scenario.slices)} were asked for"


def c_batches_commit_once_each_without_gaps(world: World) -> Iterator[str]:
    head, batches = HEAD.get(world.documents), dict(BATCHES.find_all(world.documents))
    for number in range(1, head.next):
        if not _is_done(batches, number):
            yield f"(c) batch {number} is {batches[str(number)].state if str(number) in batches else 'missing'}"
        files = sum(batch == number for batch, _ in world.warehouse.files)
        if files != batches[str(number)].files - batches[str(number)].parked:
            yield f"(c) batch {number} claimed {batches[str(number)].files} files and published {files}"
        if number not in world.warehouse.snapshots:
            yield f"(c) batch {number} is done and has no snapshot"
    if len(batches) != head.next - 1:
        yield f"(c) {len(batches)} batches are recorded, the next is {head.next}"


def d_one_training_job_per_dataset_and_one_for_the_last(world: World) -> Iterator[str]:
    again = Counter(str(e.body["batch"]) for e in world.scenario.events if e.body.get("kind") == "training")
    well: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for job, published in world.vertex.parameters.items():
        version = str(published["dataset_version"])
        well[version] += world.vertex.states[job] in ("SUCCEEDED", "RUNNING")
        allowed[version] = max(allowed[version], 1 + again[str(published["batch"])])
    for version, count in well.items():
        if count > allowed[version]:
            yield f"(d) {count} jobs trained on dataset {version[:8]}"
    if world.warehouse.snapshots:
        last, rows = world.warehouse.snapshots[max(world.warehouse.snapshots)]
        if rows and not well[last]:
            yield f"(d) the last dataset {last[:8]} was not trained on"

    batches = [batch for batch, _ in world.documents.first_jobs]
    if batches != sorted(batches):
        yield f"(d) an older dataset was trained on after a newer one: {batches}"


def e_no_reader_sees_a_partial_file(world: World) -> Iterator[str]:
    whole = {data for s in world.scenario.slices.values() for data in s.files}
    whole |= {event.data for event in world.scenario.events if event.kind == "drop"}
    for (bucket, name), (_, data) in world.objects.live.items():
        if bucket.endswith("-bronze") and name.endswith(".jsonl") and data not in whole:
            yield f"(e) {name} is no whole file"


def g_rows_in_are_rows_out(world: World) -> Iterator[str]:
    rejected = 0
    for _, file in world.warehouse.files:
        if world.warehouse.missing(file):
            yield f"(g) {file['uri']}: {world.warehouse.missing(file)} of {file['rows']} rows are missing"
    for _, record in FILES.find(world.documents, 1000, state="rejected"):
        rejected += record.verdict.rows or 0
    parked = sum(file.landed.rows for _, file in FILES.find(world.documents, 1000, batch=PARKED))
    found = sum(file["rows"] for _, file in world.warehouse.files) + rejected + parked
    if found != world.scenario.expected_rows:
        yield f"(g) {found} rows arrived, {world.scenario.expected_rows} were to come"
    if dict(world.warehouse.gold) != dict(Counter(row.flow for row in world.warehouse.silver)):
        yield "(g) gold does not show what silver holds"
    keys = Counter((row.flow, row.key) for row in world.warehouse.silver)
    if keys and max(keys.values()) > 1:
        yield "(g) silver holds a key twice"


def j_an_export_finishes_once_with_every_order_in_bronze_once(world: World) -> Iterator[str]:
    published = _find_finished_exports(world)
    if len(published) != sum(bool(s.orders) for s in world.scenario.slices.values()):
        yield f"(j) {len(published)} exports finished"
    for batch_id, finished in published.items():
        if len(finished) > 1:
            yield f"(j) the export of {batch_id} finished in {len(finished)} ways"
    stated = sorted(uri for finished in published.values() for fact in finished for uri in fact.objects)
    found = sorted(stored.ref.uri for stored in _in_bronze(world) if stored.ref.name.endswith(".parquet"))
    if stated != found:
        yield f"(j) {len(found)} objects of sales are in Bronze, {len(stated)} were stated"
    for path, times in world.documents.decided.items():
        if "sales.export.finished" in path and times > 1:
            yield f"(j) it was decided {times} times that an export finished: {path}"


def _find_finished_exports(world: World) -> dict[str, set[SalesExportFinished]]:
    """By batch id, each way in which its export was stated to have finished."""
    found: dict[str, set[SalesExportFinished]] = {}
    for fact in world.messages.published:
        if isinstance(fact, SalesExportFinished):
            found.setdefault(fact.batch_id, set()).add(replace(fact, objects=tuple(fact.objects)))
    return found


def h_no_raw_pii_past_bronze(world: World) -> Iterator[str]:
    if CANARY in repr(world.documents.held):
        yield "(h) raw PII in the state"
    if CANARY in repr(world.messages.published):
        yield "(h) raw PII in a fact"
    if CANARY in repr([stored for stored, _ in world.objects.live.values()]) or CANARY in world.warehouse.content():
        yield "(h) raw PII in metadata or a table"


def i_no_live_lease_and_no_unsent_fact(world: World) -> Iterator[str]:
    head = HEAD.get(world.documents)
    if head.run or head.replays:
        yield f"(i) the head is not at rest: {head}"
    left = [id for id, _ in OUTBOX.find_all(world.documents)]
    if left:
        yield f"(i) unsent: {left[0]}"
    for job, state in world.vertex.states.items():
        if state == "RUNNING":
            yield f"(i) {job} runs for ever"
    for key, export in EXPORTS.find_all(world.documents):
        if export.state != EXPORTED:
            yield f"(i) export {key[:12]} is {export.state}"
    yield from _find_unstated(world)


def _find_unstated(world: World) -> Iterator[str]:
    """What the state says happened, and no fact says."""
    published = {fact.id for fact in world.messages.published}
    for _, file in FILES.find_all(world.documents):
        kinds: dict[str, Any] = {"landed": BronzeObjectLanded, "rejected": BronzeObjectRejected}
        if file.state in kinds and f"{kinds[file.state].TYPE}/{file.uri}#{file.generation}" not in published:
            yield f"(i) never published: {file.uri} is {file.state}"
    succeeded = {fact.batch for fact in world.messages.published if isinstance(fact, EltRunSucceeded)}
    for number, batch in BATCHES.find_all(world.documents):
        if batch.state == "done" and int(number) not in succeeded:
            yield f"(i) never published: batch {number} is done"


def k_no_landing_waits_on_a_claim(world: World) -> Iterator[str]:
    """They may want the same file: what lands while a claim looks for what has landed comes before it or after it."""
    pair = {"land_object", "start_elt"}
    for waiting, in_its_way, collection in world.edge.documents.locks.waits:
        if {waiting, in_its_way} == pair and collection != FILES.name:
            yield f"(k) {waiting} waited for {in_its_way} over {collection}"


def i_no_dead_letter_stays(world: World) -> Iterator[str]:
    redriven = dict(REDRIVES.find_all(world.documents))
    for letter, died in world.messages.dead_letters.letters.items():
        if died.stage in world.protocol.sent_back and (letter not in redriven or not redriven[letter].sent):
            yield f"(i) dead letter {letter} was not sent back"


CHECKS: tuple[Callable[[World], Iterator[str]], ...] = (
    at_all_times,
    fences_hold,
    caps_hold,
    h_no_raw_pii_past_bronze,
    e_no_reader_sees_a_partial_file,
    b_no_tick_is_lost_or_acted_on_twice,
    a_every_generation_is_in_one_committed_batch,
    c_batches_commit_once_each_without_gaps,
    i_no_live_lease_and_no_unsent_fact,
    i_no_dead_letter_stays,
    j_an_export_finishes_once_with_every_order_in_bronze_once,
    g_rows_in_are_rows_out,
    d_one_training_job_per_dataset_and_one_for_the_last,
    k_no_landing_waits_on_a_claim,
    l_what_needs_a_person_is_reported,
    m_a_replay_has_one_plan,
    an_incident_has_an_end,
    what_is_parked_is_poison_and_was_reported,
)
