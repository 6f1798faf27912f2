"""Land a Bronze object: claim its generation once, check it against its flow's contract, keep its bad rows apart.

Bronze itself is never rewritten. A crash anywhere is finished by the retry: the claim says how far the first try came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from functions.land_object.checking import Checked, check_object
from functions.land_object.proportion import is_too_bad
from functions.land_object.replaying import describe_verdict, expect_bronze, reconsider, replay_objects
from ripple.errors import PermanentError
from ripple.flows import load_contract
from ripple.handling.shell import Finalized, Payload
from ripple.handling.stating import Cause, keep_in_outbox, send, state_as
from ripple.ports import DocumentStore, Transaction
from ripple.ports.holders import BucketPorts, FilePorts, HasObjects, StatingPorts
from ripple.rows.contracts import Contract
from ripple.rows.contracts.drift_report import DriftReport
from ripple.state.files import FILES, FileRecord
from ripple.wire.events import BronzeContractDrifted, BronzeObjectLanded, BronzeObjectRejected, Fact, ReplayRunStarted
from ripple.wire.limits import fit
from ripple.wire.paths import ObjectRef, parse_bronze_name

STAGE = "land_object"
REASON_BYTES = 4096
LoadContract = Callable[[str], Contract]


class LandObjectPorts(StatingPorts, BucketPorts, Protocol):
    """What `land_object` acts through."""


def react(payload: Payload, cause: Cause, ports: LandObjectPorts, load: LoadContract = load_contract) -> None:
    """Land the finalized object, or every object that a replay names."""
    if isinstance(payload, Finalized):
        expect_bronze(payload.ref.uri, ports)
        land(payload.ref, cause, ports, load)
    elif isinstance(payload, ReplayRunStarted) and payload.kind == "object":
        replay_objects(payload.targets, partial(land_again, load=load), cause, ports)


def land_again(ref: ObjectRef, cause: Cause, ports: LandObjectPorts, load: LoadContract = load_contract) -> None:
    """As `land`, but what was rejected is checked again: the contract or the code may take it by now."""
    known = FILES.get(ports.documents, ref.key)
    if known is not None and known.state == "rejected":
        reconsider(decide_facts(ref, ports, load), ref, STAGE, cause, ports.documents)
    land(ref, cause, ports, load)


def land(ref: ObjectRef, cause: Cause, ports: LandObjectPorts, load: LoadContract = load_contract) -> None:
    """State `bronze.object.landed` or `bronze.object.rejected` for one generation, once however often it is asked."""
    claim = FileRecord(
        uri=ref.uri,
        generation=ref.generation,
        state="claimed",
        claimed_at=cause.time,
        correlation_id=cause.correlation_id,
    )
    known = None if FILES.create(ports.documents, ref.key, claim) else FILES.get(ports.documents, ref.key)
    is_decided = known is not None and known.state != "claimed"
    facts, at = (
        (recall_facts(known), known.decided_at)
        if known and is_decided
        else record(decide_facts(ref, ports, load), ref, cause, ports.documents)
    )
    send([state_as(fact, STAGE, cause, at) for fact in facts], ports.publisher, ports.documents)


def decide_facts(ref: ObjectRef, ports: FilePorts, load: LoadContract) -> Sequence[Fact]:
    """Check the object, write its quarantine, and say which facts hold: its drift, if it shows any, and then the verdict."""
    try:
        name = parse_bronze_name(ref.name)
        checked = check_object(ref, name, load(name.flow), ports)
    except PermanentError as error:
        if error.code == "object_missing":
            return [_describe_gone(ref, error, ports)]
        # A file chooses the names of its columns: a reason that lists them all may be larger than a document.
        reason = fit(str(error), REASON_BYTES)
        return [BronzeObjectRejected(uri=ref.uri, generation=ref.generation, code=error.code, reason=reason)]
    verdict = judge(ref, name.flow, name.dt, checked, ports.settings.reject_ratio)
    return [verdict] if checked.drift is None else [describe_drift(ref, name.flow, checked.drift), verdict]


def _describe_gone(ref: ObjectRef, error: PermanentError, ports: HasObjects) -> Fact:
    """The rejection of a generation that is there no more; the error itself, if what is missing is something else."""
    try:
        ports.objects.stat(ref.bucket, ref.name, ref.generation)
    except PermanentError as missing:
        if missing.code == "object_missing":
            reason = f"{ref.uri}#{ref.generation} was overwritten or deleted before it was landed"
            return BronzeObjectRejected(uri=ref.uri, generation=ref.generation, code="object_gone", reason=reason)
        raise
    raise error


def describe_drift(ref: ObjectRef, flow: str, drift: DriftReport) -> Fact:
    """The schema change that the object shows, whatever becomes of its rows. Pure."""
    return BronzeContractDrifted(
        flow=flow,
        uri=ref.uri,
        generation=ref.generation,
        policy=drift.policy,
        drifts=drift.drifts,
        drifts_further=drift.drifts_further,
        rows_drifted=drift.rows_drifted,
        rows_rescued=drift.rows_rescued,
    )


def judge(ref: ObjectRef, flow: str, day: str, checked: Checked, reject_ratio: float) -> Fact:
    """Landed, unless more than `reject_ratio` of its rows are bad. Pure."""
    if is_too_bad(checked.rows_quarantined, checked.rows, reject_ratio):
        return BronzeObjectRejected(
            uri=ref.uri,
            generation=ref.generation,
            flow=flow,
            code="too_many_bad_rows",
            reason=f"{checked.rows_quarantined} of {checked.rows} rows are bad, more than {reject_ratio:.0%}"
            + checked.trouble
            + ("" if checked.is_whole else "; the rest was not read"),
            rows=checked.rows,
            rows_quarantined=checked.rows_quarantined,
            quarantine_uri=checked.quarantine_uri,
        )
    return BronzeObjectLanded(
        flow=flow,
        uri=ref.uri,
        generation=ref.generation,
        dt=day,
        bytes=checked.bytes,
        rows=checked.rows,
        rows_quarantined=checked.rows_quarantined,
        quarantine_uri=checked.quarantine_uri,
        corrects_uri=checked.corrects_uri,
        checked_uri=checked.checked_uri,
        rows_checked=checked.rows - checked.rows_quarantined,
        contract_digest=checked.contract_digest,
        arrived_at=checked.arrived_at.isoformat().replace("+00:00", "Z"),
        whole_at=checked.whole_at,
    )


def recall_facts(known: FileRecord) -> Sequence[Fact]:
    """The facts that an earlier delivery decided."""
    return [known.drift, known.verdict] if known.drift else [known.verdict]


def record(
    facts: Sequence[Fact], ref: ObjectRef, cause: Cause, documents: DocumentStore
) -> tuple[Sequence[Fact], dt.datetime | None]:
    """Keep the verdict, which is the last, and all facts in one transaction; the facts that hold, and when they were decided.

    They are another lander's if that one came first: a new version may be rolling out, and two verdicts on one file are one too many.
    """

    def decide(transaction: Transaction, now: dt.datetime) -> tuple[Sequence[Fact], dt.datetime | None]:
        current = FILES.get(transaction, ref.key)
        if current is None:
            return facts, now
        if current.state != "claimed":
            return recall_facts(current), current.decided_at
        FILES.update(transaction, ref.key, decided_at=now, **describe_verdict(facts))
        for stated in facts:
            keep_in_outbox(transaction, state_as(stated, STAGE, cause, now), now)
        return facts, now

    return documents.run(decide)
