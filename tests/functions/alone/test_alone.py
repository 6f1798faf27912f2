"""What each function does with the event that its README shows, sent once, sent again, and garbled."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from ripple.deployment.routes import STAGES
from ripple.gateways.documents import FirestoreDocuments
from ripple.handling.stating import Cause, keep_in_outbox, state_as
from ripple.rows.contracts.corrections import CORRECTS_KEY
from ripple.state.batches import BATCHES
from ripple.state.files import FILES
from ripple.state.outbox import OUTBOX
from ripple.state.ticks import TICKS
from ripple.state.trainings import TRAININGS
from ripple.wire.events import BronzeObjectLanded
from tests.functions.alone.cloud import ROOT, Cloud, Curl, read_curl, wrapped

Alone = Callable[[str], str]
NAME = "startups/dt=2026-01-01/mine.jsonl"


def send_twice(address: str, curl: Curl) -> None:
    assert [curl.send(address).status_code for _ in range(2)] == [204, 204]


@pytest.fixture(scope="package")
def generation(cloud: Cloud) -> str:
    """Of the README's Bronze object."""
    blob = cloud.clients.storage.bucket(f"{cloud.clients.project}-bronze").blob(NAME)
    blob.upload_from_filename(str(ROOT / "tests/functions/alone/startups.jsonl"))
    return str(blob.generation)


@pytest.fixture(scope="package")
def landed(cloud: Cloud, alone: Alone, generation: str) -> None:
    send_twice(alone("land_object"), read_curl("land_object", GENERATION=generation))


def state_of(cloud: Cloud) -> FirestoreDocuments:
    return FirestoreDocuments(cloud.documents)


def test_start_batch_starts_the_generator_job_of_a_tick_once(cloud: Cloud, alone: Alone) -> None:
    send_twice(alone("start_batch"), read_curl("start_batch"))
    assert len({m.attributes["ce-id"] for m in cloud.facts("batch.run.started.v1", "startups-20260101-20260102")}) == 1
    (tick,) = [tick for _, tick in TICKS.find_all(state_of(cloud))]
    assert str(tick.execution).startswith(f"{cloud.clients.parent}/jobs/generate-startups/executions/")


def test_export_sales_writes_a_manifests_batch_to_parquet_once(cloud: Cloud, alone: Alone) -> None:
    words = ["--from", "2026-01-01", "--to", "2026-01-08", "--customers", "500", "--batch-id", "mine"]
    pepper = {"PEPPER_SECRET": f"projects/{cloud.clients.project}/secrets/ripple-pepper/versions/1"}
    subprocess.run(
        [sys.executable, "-m", "generators.sales", *words], cwd=ROOT, env={**os.environ, **pepper}, check=True
    )
    manifest = cloud.clients.storage.bucket(f"{cloud.clients.project}-landing").get_blob("sales/mine.json")
    assert manifest is not None
    send_twice(alone("export_sales"), read_curl("export_sales", GENERATION=str(manifest.generation)))
    blobs = list(cloud.clients.storage.list_blobs(f"{cloud.clients.project}-bronze", prefix="sales/"))
    assert blobs
    assert all(blob.download_as_bytes()[:4] == b"PAR1" for blob in blobs)
    exported = {m.attributes["ce-id"] for m in cloud.facts("sales.slice.exported.v1")}
    assert len(exported) == len(blobs)
    assert cloud.facts("sales.export.finished.v1", "mine")


@pytest.mark.usefixtures("landed")
def test_land_object_lands_one_generation_once(cloud: Cloud, generation: str) -> None:
    facts = cloud.facts("bronze.object.landed.v1", NAME)
    assert len({m.attributes["ce-id"] for m in facts}) == 1
    (file,) = [file for _, file in FILES.find_all(state_of(cloud)) if file.uri.endswith(NAME)]
    assert (file.state, str(file.generation), file.landed.rows) == ("landed", generation, 3)


@pytest.mark.usefixtures("landed")
def test_start_elt_starts_one_workflow_execution_for_what_waits(cloud: Cloud, alone: Alone) -> None:
    send_twice(alone("start_elt"), read_curl("start_elt"))
    assert len({m.attributes["ce-id"] for m in cloud.facts("elt.run.started.v1")}) == 1
    (batch,) = [batch for _, batch in BATCHES.find_all(state_of(cloud))]
    assert f"{cloud.clients.parent}/workflows/run_elt/executions/" in batch.execution
    control = cloud.clients.storage.bucket(f"{cloud.clients.project}-control")
    assert NAME in control.blob("batches/batch=1/epoch=1/part=0/files.jsonl").download_as_text()


def test_start_training_submits_one_job_for_a_dataset(cloud: Cloud, alone: Alone) -> None:
    send_twice(alone("start_training"), read_curl("start_training"))
    (job,) = {m.attributes["ce-subject"] for m in cloud.facts("training.job.submitted.v1")}
    training = TRAININGS.expect(state_of(cloud), 900)
    assert (training.train, training.job) == (True, job)


@pytest.mark.usefixtures("generation")
def test_replay_states_one_replay_of_a_command(cloud: Cloud, alone: Alone) -> None:
    send_twice(alone("replay"), read_curl("replay"))
    (words,) = {m.data for m in cloud.facts("replay.run.planned.v1")}
    assert b"replay of objects: 1 object" in words
    (stated,) = {m.data for m in cloud.facts("replay.run.started.v1")}
    assert NAME in stated.decode()


def test_sweep_sends_what_a_crash_left_in_the_outbox(cloud: Cloud, alone: Alone) -> None:
    fact = BronzeObjectLanded(
        flow="startups",
        uri="gs://b/startups/left-behind",
        generation=1,
        dt="2026-01-01",
        bytes=1,
        rows=1,
        rows_quarantined=0,
    )
    then = Cause(event_id="e", correlation_id="c", time=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    envelope, documents = state_as(fact, "land_object", then), state_of(cloud)
    documents.run(lambda transaction, _now: keep_in_outbox(transaction, envelope, then.time))
    send_twice(alone("sweep"), read_curl("sweep"))
    assert len(cloud.facts("bronze.object.landed.v1", "left-behind")) == 1
    assert not list(OUTBOX.find_all(documents))


FINALIZED = {"ce-type": "google.cloud.storage.object.v1.finalized"}
EVENT = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "//test",
    "ce-time": "2026-01-02T00:00:00Z",
}
GARBLED = {
    "not JSON": Curl({**EVENT, **FINALIZED}, '{"bucket":'),
    "a missing field": Curl({**EVENT, **FINALIZED}, '{"bucket": "b", "generation": "1"}'),
    "a wrong type": Curl({**EVENT, "ce-type": "elt.run.succeeded.v1"}, '{"batch": "three"}'),
    "an unknown type": Curl({**EVENT, "ce-type": "moon.landed.v1"}, "{}"),
    "no event at all": Curl({"content-type": "text/plain"}, "hello"),
    "a command without an id": Curl({}, '{"message": {"data": "e30="}}'),
    "a command that is not base64": Curl({}, '{"message": {"messageId": "1", "data": "%%%"}}'),
    "a command that is a list": Curl({}, wrapped([1, 2], "batch", "7")),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_malformed_event_is_answered_with_a_2xx_and_dead_lettered_with_its_reason(
    cloud: Cloud, alone: Alone, stage: str
) -> None:
    before = len(cloud.dead_letters(stage))
    statuses = {what: curl.send(alone(stage)).status_code for what, curl in GARBLED.items()}
    assert statuses == dict.fromkeys(GARBLED, 200)
    letters = cloud.dead_letters(stage)[before:]
    assert {m.data.decode() for m in letters} == {curl.body for curl in GARBLED.values()}
    assert all(m.attributes["ripple-reason"] and m.attributes["ripple-code"] for m in letters)


@pytest.mark.usefixtures("landed")
def test_land_object_reports_a_schema_change_and_takes_the_line_back_corrected(cloud: Cloud, alone: Alone) -> None:
    line = (ROOT / "tests/functions/alone/startups.jsonl").read_text().splitlines()[0]
    drifted = "".join(f"{line}\n" for _ in range(20)) + line[:-1] + ', "valuation": 7}\n'
    name = NAME.replace("mine", "drifted")
    send_twice(alone("land_object"), put_object(cloud, name, drifted))
    (stated,) = {message.data for message in cloud.facts("bronze.contract.drifted.v1", name)}
    assert [field["field"] for field in json.loads(stated)["drifts"]] == ["valuation"]
    (landed,) = {message.data for message in cloud.facts("bronze.object.landed.v1", name)}
    quarantine = json.loads(landed)["quarantine_uri"]
    fixed = NAME.replace("mine", "fixed")
    correction = f'{{"_corrects": 21, {line.removeprefix("{")}\n'
    send_twice(alone("land_object"), put_object(cloud, fixed, correction, {CORRECTS_KEY: quarantine}))
    (joined,) = {message.data for message in cloud.facts("bronze.object.landed.v1", fixed)}
    assert json.loads(joined)["corrects_uri"].endswith(name)


def put_object(cloud: Cloud, name: str, text: str, metadata: dict[str, str] | None = None) -> Curl:
    """Write it to Bronze; the README's request, for that object."""
    blob = cloud.clients.storage.bucket(f"{cloud.clients.project}-bronze").blob(name)
    blob.metadata = metadata
    blob.upload_from_string(text)
    curl = read_curl("land_object", GENERATION=str(blob.generation))
    return Curl(headers=curl.headers, body=curl.body.replace(NAME, name))
