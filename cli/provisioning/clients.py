"""The administrative clients, at the endpoints that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1, eventarc_v1, run_v2, scheduler_v1, secretmanager_v1, workflows_v1
from google.cloud.bigquery import Client as BigQueryClient
from google.cloud.bigquery import QueryJobConfig
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.storage import Client as StorageClient

from ripple.deployment.settings import read_settings
from ripple.gateways.transport import rest_client


@dataclass(frozen=True)
class AdminClients:
    """Built from an environment such as `.ripple/env` holds; each when it is first asked for."""

    environ: Mapping[str, str]

    @property
    def project(self) -> str:
        return self.environ["GOOGLE_CLOUD_PROJECT"]

    @property
    def location(self) -> str:
        return self.environ["RIPPLE_LOCATION"]

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    def _endpoint(self, name: str) -> str:
        return self.environ.get(f"RIPPLE_ENDPOINT_{name}", "")

    @cached_property
    def storage(self) -> StorageClient:
        return StorageClient(project=self.project)

    @cached_property
    def publisher(self) -> PublisherClient:
        return PublisherClient()

    @cached_property
    def subscriber(self) -> SubscriberClient:
        return SubscriberClient()

    @cached_property
    def bigquery(self) -> BigQueryClient:
        """Its queries are refused where they would bill more than `RIPPLE_QUERY_BYTES`."""
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        credentials = anonymous if self.environ.get("BIGQUERY_EMULATOR_HOST") else None
        limit = QueryJobConfig(maximum_bytes_billed=read_settings(self.environ).query_bytes or None)
        return BigQueryClient(project=self.project, credentials=credentials, default_query_job_config=limit)

    def _rest(self, client: Any, endpoint: str) -> Any:
        return rest_client(client, client.get_transport_class("rest"), self._endpoint(endpoint))

    @cached_property
    def services(self) -> run_v2.ServicesClient:
        return self._rest(run_v2.ServicesClient, "RUN")  # type: ignore[no-any-return]

    @cached_property
    def jobs(self) -> run_v2.JobsClient:
        return self._rest(run_v2.JobsClient, "RUN")  # type: ignore[no-any-return]

    @cached_property
    def eventarc(self) -> eventarc_v1.EventarcClient:
        return self._rest(eventarc_v1.EventarcClient, "EVENTARC")  # type: ignore[no-any-return]

    @cached_property
    def workflows(self) -> workflows_v1.WorkflowsClient:
        return self._rest(workflows_v1.WorkflowsClient, "WORKFLOWS")  # type: ignore[no-any-return]

    @cached_property
    def dataform(self) -> dataform_v1.DataformClient:
        return self._rest(dataform_v1.DataformClient, "DATAFORM")  # type: ignore[no-any-return]

    @cached_property
    def secrets(self) -> secretmanager_v1.SecretManagerServiceClient:
        return self._rest(secretmanager_v1.SecretManagerServiceClient, "SECRETS")  # type: ignore[no-any-return]

    @cached_property
    def scheduler(self) -> scheduler_v1.CloudSchedulerClient:
        return self._rest(scheduler_v1.CloudSchedulerClient, "SCHEDULER")  # type: ignore[no-any-return]
