"""Vertex AI pipeline jobs (Agent Platform) behind the PipelineJobs port: the GAPIC client only, the whole SDK takes 2 s to import."""

from __future__ import annotations

from collections.abc import Mapping

from google.api_core.exceptions import Conflict, NotFound
from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
from google.cloud.aiplatform_v1.services.pipeline_service.transports.rest import PipelineServiceRestTransport
from google.cloud.aiplatform_v1.types import CreatePipelineJobRequest, PipelineJob
from google.protobuf import json_format

from ripple.gateways.transport import rest_client


class VertexPipelineJobs:
    def __init__(self, endpoint: str, parent: str, output: str, service_account: str) -> None:
        location = parent.rsplit("/", 1)[1]
        regional = f"{location}-aiplatform.googleapis.com"
        self._client: PipelineServiceClient = rest_client(
            PipelineServiceClient, PipelineServiceRestTransport, endpoint, regional
        )
        self._parent, self._output, self._service_account = parent, output, service_account

    def submit(
        self, job: str, spec: Mapping[str, object], parameters: Mapping[str, object], labels: Mapping[str, str]
    ) -> bool:
        body = {
            "displayName": job,
            "pipelineSpec": spec,
            "labels": labels,
            "serviceAccount": self._service_account,
            "runtimeConfig": {"gcsOutputDirectory": self._output, "parameterValues": parameters},
        }
        pipeline_job = PipelineJob()
        json_format.ParseDict(body, PipelineJob.pb(pipeline_job))
        request = CreatePipelineJobRequest(parent=self._parent, pipeline_job=pipeline_job, pipeline_job_id=job)
        try:
            self._client.create_pipeline_job(request=request, timeout=60)
        except Conflict:
            # Over REST a job that is there and a request that met another are one status.
            if self.state(job) == "MISSING":
                raise
            return False
        return True

    def state(self, job: str) -> str:
        try:
            found = self._client.get_pipeline_job(name=f"{self._parent}/pipelineJobs/{job}", timeout=60)
        except NotFound:
            return "MISSING"
        return str(found.state.name).removeprefix("PIPELINE_STATE_")
