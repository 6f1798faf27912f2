"""Check one Bronze object in bounded memory and write its bad rows to quarantine."""

from __future__ import annotations

import datetime as dt
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import orjson

from functions.land_object.correcting import read_origin
from functions.land_object.diagnosing import Findings
from functions.land_object.formats import Source, read_pages
from functions.land_object.inflating import inflate, name_layer
from functions.land_object.keeping import CheckedWriter, digest_contract
from functions.land_object.proportion import is_too_bad
from functions.land_object.quarantining import as_record, keep_quarantine
from functions.land_object.wholes import read_whole
from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.ports.holders import BucketPorts, FilePorts
from ripple.rows.contracts import Contract
from ripple.rows.contracts.corrections import CORRECTS_KEY, expect_corrections
from ripple.rows.contracts.drift_report import DriftReport, DriftTally
from ripple.rows.contracts.lines import BadLine, RescuedLine
from ripple.rows.contracts.plausibility import expect_plausible
from ripple.rows.judged import JudgedPage
from ripple.wire.paths import BronzeName, ObjectRef, quarantine_name

_HOPELESS_ROWS = 10_000
"""Bad rows, and more than half of all so far: the file is rejected without reading the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found: size in bytes, rows with and without the bad ones, where those are; drift; what was accepted.

    `is_whole` says whether all rows were read, `trouble` what is wrong with most of the bad ones. `checked_uri` is where the
    accepted rows are; None where none was, or too few. `whole_at`: the object is all that its flow had at that time.
    """

    bytes: int
    rows: int
    rows_quarantined: int
    quarantine_uri: str | None
    arrived_at: dt.datetime
    drift: DriftReport | None = None
    corrects_uri: str | None = None
    is_whole: bool = True
    trouble: str = ""
    checked_uri: str | None = None
    contract_digest: str = ""
    whole_at: str | None = None


def check_object(ref: ObjectRef, name: BronzeName, contract: Contract, ports: FilePorts) -> Checked:
    """Check the object's rows; PermanentError rejects it whole (empty, not gzip, not the contract's schema)."""
    stored = ports.objects.stat(ref.bucket, ref.name, ref.generation)
    format = name.format.split(".")[0]
    # Corrected lines are JSON, whatever their origin was.
    is_correction = CORRECTS_KEY in stored.metadata and contract.format != "parquet"
    if format != ("jsonl" if is_correction else contract.format):
        raise PermanentError("format_unexpected", f"{ref.uri}: {contract.flow} comes as {contract.format}")
    name_layer(stored, name.format)
    if stored.size == 0:
        raise PermanentError("object_empty", f"{ref.uri} has no bytes", "drop the file again with its rows")
    whole_at = read_whole(stored, contract)
    expected = expect_plausible(contract, stored.created, ports.settings.event_slack_days)
    with CheckedWriter(source=stored, contract=contract) as accepted:
        if format == "parquet":
            checked = _check_parquet(stored, name, expected, accepted, ports)
        else:
            checked = _check_rows(stored, name, expected, accepted, ports)
        if is_too_bad(checked.rows_quarantined, checked.rows, ports.settings.reject_ratio):
            return checked
        uri = accepted.keep(ports.settings.bucket("checked"), ports.objects)
    return replace(checked, checked_uri=uri, contract_digest=digest_contract(contract), whole_at=whole_at)


def _check_parquet(
    stored: StoredObject, name: BronzeName, contract: Contract, accepted: CheckedWriter, ports: BucketPorts
) -> Checked:
    from functions.land_object.parquet import check_parquet, is_ours

    if not is_ours(stored, contract, ports):
        return _check_lines(stored, name, contract, accepted, ports)
    with tempfile.TemporaryFile() as quarantine:
        found = check_parquet(stored, contract, accepted, quarantine, ports)
        bucket = ports.settings.bucket("quarantine")
        kept = keep_quarantine(quarantine, bucket, quarantine_name(name, stored.ref.generation), ports.objects)
    return Checked(
        bytes=stored.size,
        rows=found.rows,
        rows_quarantined=found.rows_quarantined,
        quarantine_uri=kept or found.quarantine_uri,
        drift=found.drift,
        arrived_at=stored.created,
        trouble=found.trouble,
    )


def _check_rows(
    stored: StoredObject, name: BronzeName, contract: Contract, accepted: CheckedWriter, ports: FilePorts
) -> Checked:
    origin = read_origin(stored, contract.flow, ports)
    if origin is not None:
        contract = expect_corrections(contract, origin.lines)
    checked = _check_lines(stored, name, contract, accepted, ports)
    return replace(checked, corrects_uri=origin.uri if origin else None)


class _Verdicts:
    """What is said of an object's lines, counted; the bad ones are written beside it, the rows into what is accepted."""

    def __init__(self, quarantine: IO[bytes], accepted: CheckedWriter, flow: str, reject_ratio: float) -> None:
        self._quarantine, self._accepted, self._flow, self._reject_ratio = quarantine, accepted, flow, reject_ratio
        self.rows = self.bad = 0
        self.is_hopeless = False
        self.drift, self.findings = DriftTally(), Findings()

    def add(self, page: JudgedPage) -> None:
        """A page's lines, up to the one at which the object is hopeless."""
        before = self.rows
        for at, found in page.odd:
            self.rows = before + at
            self._add_odd(found)
            if self._expects_nothing():
                self.is_hopeless = True
                return
        self.rows = before + page.rows
        self._accepted.add(page.accepted)

    def _add_odd(self, found: BadLine | RescuedLine) -> None:
        if isinstance(found, BadLine):
            self.bad += 1
            self.findings.add(found)
            record = _describe(found, self._flow, self._accepted.source.ref)
            self._quarantine.write(orjson.dumps(record) + b"\n")
        self.drift.add(found.drifts, found.line, rescued=isinstance(found, RescuedLine))

    def _expects_nothing(self) -> bool:
        """A record is a hundred times as long as the shortest bad line: some kilobytes of gzip would fill any disk."""
        return self.bad >= _HOPELESS_ROWS and self.bad > 0.5 * self.rows > self._reject_ratio * self.rows


def _check_lines(
    stored: StoredObject, name: BronzeName, contract: Contract, accepted: CheckedWriter, ports: BucketPorts
) -> Checked:
    ref, settings = stored.ref, ports.settings
    with tempfile.TemporaryFile() as quarantine, ports.objects.open(ref) as raw:
        verdicts = _Verdicts(quarantine, accepted, contract.flow, settings.reject_ratio)
        for page in _judge(raw, name, contract, stored, verdicts.findings):
            verdicts.add(page)
            if verdicts.is_hopeless:
                break
        if not verdicts.rows:
            raise PermanentError("object_empty", f"{ref.uri} has no rows, only blank lines")
        kept = keep_quarantine(
            quarantine, settings.bucket("quarantine"), quarantine_name(name, ref.generation), ports.objects
        )
        return Checked(
            bytes=stored.size,
            rows=verdicts.rows,
            rows_quarantined=verdicts.bad,
            quarantine_uri=kept,
            drift=verdicts.drift.report(contract),
            is_whole=not verdicts.is_hopeless,
            trouble=verdicts.findings.describe(),
            arrived_at=stored.created,
        )


def _judge(
    raw: IO[bytes], name: BronzeName, contract: Contract, stored: StoredObject, findings: Findings
) -> Iterator[JudgedPage]:
    if name.format == "parquet":
        from functions.land_object.parquet_rows import judge_parquet

        yield from judge_parquet(raw, stored, contract)
        return
    layer = name_layer(stored, name.format)
    try:
        stream = inflate(raw, stored.ref.uri, layer) if layer else raw
        yield from read_pages(
            stream, Source(stored=stored, format=name.format.split(".")[0], layer=layer), contract, findings
        )
    except (zlib.error, EOFError, OSError) as error:
        raise PermanentError(
            "zstd_corrupt" if layer == "zstd" else "gzip_corrupt",
            f"{stored.ref.uri}: {error}",
            "drop the file again, whole",
        ) from error


def _describe(bad: BadLine, flow: str, ref: ObjectRef) -> dict[str, Any]:
    return as_record(
        flow, ref, line=bad.line, offset=bad.offset, violation=bad.violation, raw=bad.raw, line_hash=bad.line_hash
    )
