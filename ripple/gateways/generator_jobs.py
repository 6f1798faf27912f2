"""Cloud Run jobs behind the GeneratorJobs port."""

from __future__ import annotations

from collections.abc import Sequence

from google.cloud.run_v2 import JobsClient, RunJobRequest
from google.cloud.run_v2.services.jobs.transports import JobsRestTransport

from ripple.gateways.transport import rest_client


class CloudRunJobs:
    def __init__(self, endpoint: str, parent: str) -> None:
        self._client: JobsClient = rest_client(JobsClient, JobsRestTransport, endpoint)
        self._parent = parent

    def run(self, job: str, arguments: Sequence[str]) -> str:
        override = RunJobRequest.Overrides.ContainerOverride(args=list(arguments))
        request = RunJobRequest(
            name=f"{self._parent}/jobs/{job}", overrides=RunJobRequest.Overrides(container_overrides=[override])
        )
        return str(self._client.run_job(request=request, timeout=60).metadata.name)
