"""Land a Bronze object: claim its generation once, check it against its flow's contract, keep its bad rows apart.

Bronze itself is never rewritten. A crash anywhere is finished by the retry: the claim says how far the first try came.
"""

from __future__ import annotations

import datetime as dt

from functions.land_object.checking import Checked, check_object
from ripple.contracts import load_contract
from ripple.errors import PermanentError
from ripple.events import BronzeObjectLanded, BronzeObjectRejected, Fact, ReplayRunStarted
from ripple.gateways.edge import Edge
from ripple.paths import ObjectRef, parse_bronze_name, split_uri
from ripple.ports import Document, DocumentStore, Transaction
from ripple.shell import Finalized, Payload
from ripple.stating import Cause, keep_in_outbox, send, state_as

STAGE = "land_object"


def react(payload: Payload, cause: Cause, edge: Edge) -> None:
    """Land the finalized object, or every object that a replay names."""
    if isinstance(payload, Finalized):
        land(payload.ref, cause, edge)
    elif isinstance(payload, ReplayRunStarted) and payload.kind == "object":
        for uri in payload.targets:
            bucket, name = split_uri(uri)
            land(edge.objects.stat(bucket, name).ref, cause, edge)


def land(ref: ObjectRef, cause: Cause, edge: Edge) -> None:
    """State `bronze.object.landed` or `bronze.object.rejected` for one generation, once however often it is asked."""
    path = f"files/{ref.key}"
    claim = {
        "uri": ref.uri,
        "generation": ref.generation,
        "state": "claimed",
        "claimed_at": cause.time,
        "correlation_id": cause.correlation_id,
    }
    known = None if edge.documents.create(path, claim) else edge.documents.get(path)
    fact = recall_fact(known, ref) if known and known["state"] != "claimed" else decide_fact(ref, edge)
    record(fact, path, cause, edge.documents, known)
    send([state_as(fact, STAGE, cause)], edge.publisher, edge.documents)


def decide_fact(ref: ObjectRef, edge: Edge) -> Fact:
    """Check the object, write its quarantine, and say which fact holds."""
    try:
        name = parse_bronze_name(ref.name)
        checked = check_object(ref, name, load_contract(name.flow), edge.objects, edge.settings)
    except PermanentError as error:
        if error.code == "object_missing":
            raise
        return BronzeObjectRejected(uri=ref.uri, generation=ref.generation, code=error.code, reason=str(error))
    return weigh(ref, name.flow, name.dt, checked, edge.settings.reject_ratio)


def weigh(ref: ObjectRef, flow: str, day: str, checked: Checked, reject_ratio: float) -> Fact:
    """Landed, unless more than `reject_ratio` of its rows are bad. Pure."""
    if checked.rows_quarantined > reject_ratio * checked.rows:
        return BronzeObjectRejected(
            uri=ref.uri,
            generation=ref.generation,
            flow=flow,
            code="too_many_bad_rows",
            reason=f"{checked.rows_quarantined} of {checked.rows} rows are bad, more than {reject_ratio:.0%}",
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
    )


def recall_fact(known: Document, ref: ObjectRef) -> Fact:
    """The fact that an earlier delivery decided."""
    kind = BronzeObjectLanded if known["state"] == "landed" else BronzeObjectRejected
    return kind.from_data({**known["fact"], "uri": ref.uri, "generation": ref.generation})


def record(fact: Fact, path: str, cause: Cause, documents: DocumentStore, known: Document | None) -> None:
    """Keep the verdict and the fact in one transaction; a file that is recorded already stays as it is."""
    landed = isinstance(fact, BronzeObjectLanded)
    if known and known["state"] != "claimed":
        return

    def decide(transaction: Transaction, now: dt.datetime) -> None:
        current = transaction.get(path)
        if current is None or current["state"] != "claimed":
            return
        verdict = {"state": "landed" if landed else "rejected", "fact": fact.data(), "batch": None}
        flow = {"flow": fact.flow, "dt": fact.dt} if isinstance(fact, BronzeObjectLanded) else {}
        transaction.update(path, verdict | flow)
        keep_in_outbox(transaction, state_as(fact, STAGE, cause), now)

    documents.run(decide)
