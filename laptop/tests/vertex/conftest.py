"""A laptop Vertex, and Google's own clients of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform_v1 as vertex
from google.cloud.aiplatform_v1.services.model_service.transports.rest import ModelServiceRestTransport
from google.cloud.aiplatform_v1.services.pipeline_service.transports.rest import PipelineServiceRestTransport

from laptop.hosting import PipelineImage
from laptop.vertex.server import start

PARENT = "projects/demo-proj/locations/us-central1"
KFP = os.environ.get("LAPTOP_PIPELINE_PYTHON", str(Path(__file__).parents[3] / ".venv-pipelines" / "bin" / "python"))
"""A Python that has kfp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    address: str
    pipelines: vertex.PipelineServiceClient
    models: vertex.ModelServiceClient

    def create(self, job_id: str, spec: dict[str, Any], values: dict[str, Any], **labels: str) -> vertex.PipelineJob:
        runtime = {"parameter_values": values, "gcs_output_directory": "gs://models/runs"}
        job = vertex.PipelineJob(pipeline_spec=spec, runtime_config=runtime, labels=labels)
        return self.pipelines.create_pipeline_job(parent=PARENT, pipeline_job=job, pipeline_job_id=job_id)

    def get(self, job_id: str) -> vertex.PipelineJob:
        return self.pipelines.get_pipeline_job(name=f"{PARENT}/pipelineJobs/{job_id}")

    def wait(self, job_id: str, *states: str) -> vertex.PipelineJob:
        """The test's own timeout ends a wait for what never comes: a busy machine takes minutes for a job of seconds."""
        while (job := self.get(job_id)).state.name not in states:
            time.sleep(0.1)
        return job


def connect(address: str) -> Cloud:
    how: dict[str, Any] = {"host": address, "url_scheme": "http", "credentials": AnonymousCredentials()}
    return Cloud(
        address=address,
        pipelines=vertex.PipelineServiceClient(transport=PipelineServiceRestTransport(**how)),
        models=vertex.ModelServiceClient(transport=ModelServiceRestTransport(**how)),
    )


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Any]) -> Cloud:
    return connect(launch(start, pipelines=PipelineImage(python=KFP)).address)
