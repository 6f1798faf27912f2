"""Cloud Run jobs behind the GeneratorJobs port."""

from __future__ import annotations

from collections.abc import Sequence

from google.api_core.exceptions import NotFound
from google.cloud.run_v2 import ExecutionsClient, JobsClient, RunJobRequest
from google.cloud.run_v2.services.executions.transports import ExecutionsRestTransport
from google.cloud.run_v2.services.jobs.transports import JobsRestTransport

from ripple.gateways.transport import rest_client


class CloudRunJobs:
    def __init__(self, endpoint: str, parent: str) -> None:
        self._client: JobsClient = rest_client(JobsClient, JobsRestTransport, endpoint)
        self._executions: ExecutionsClient = rest_client(ExecutionsClient, ExecutionsRestTransport, endpoint)
        self._parent = parent

    def run(self, job: str, arguments: Sequence[str]) -> str:
        override = RunJobRequest.Overrides.ContainerOverride(args=list(arguments))
        request = RunJobRequest(
            name=f"{self._parent}/jobs/{job}", overrides=RunJobRequest.Overrides(container_overrides=[override])
        )
        return str(self._client.run_job(request=request, timeout=60).metadata.name)

    def state(self, execution: str) -> str:
        try:
            found = self._executions.get_execution(name=execution, timeout=60)
        except NotFound:
            return "MISSING"
        if not found.completion_time:
            return "RUNNING"
        return "SUCCEEDED" if found.succeeded_count >= found.task_count else "FAILED"
