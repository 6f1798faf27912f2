"""The ports of one process, each built the first time a stage asks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from ripple.deployment.settings import Settings, read_settings
from ripple.gateways.bus import PubsubPublisher
from ripple.ports import (
    DeadLetters,
    DocumentStore,
    Executions,
    GeneratorJobs,
    ObjectStore,
    PipelineJobs,
    SalesDocuments,
)


class Edge:
    """Google's clients behind the ports, by settings. A cold start imports only what its stage uses."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def objects(self) -> ObjectStore:
        from google.cloud.storage import Client

        from ripple.gateways.objects import GcsObjects

        return GcsObjects(Client(project=self.settings.project))

    @cached_property
    def documents(self) -> DocumentStore:
        from ripple.gateways.documents import FirestoreDocuments

        return FirestoreDocuments(self._firestore)

    @cached_property
    def sales(self) -> SalesDocuments:
        from ripple.gateways.sales import FirestoreSales

        return FirestoreSales(self._firestore)

    @cached_property
    def publisher(self) -> PubsubPublisher:
        from google.cloud.pubsub_v1 import PublisherClient

        topics = f"projects/{self.settings.project}/topics/"
        # The outer client knows PUBSUB_EMULATOR_HOST; the GAPIC client within it publishes without batching.
        client = PublisherClient().api
        return PubsubPublisher(client, topics + self.settings.events_topic, topics + self.settings.dead_letters_topic)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        from ripple.gateways.dead_letters import BigQueryDeadLetters

        settings = self.settings
        return BigQueryDeadLetters(
            settings.project, settings.location, settings.endpoint_bigquery, settings.query_bytes
        )

    @cached_property
    def executions(self) -> Executions:
        from ripple.gateways.executions import WorkflowExecutions

        workflow = f"{self.settings.parent}/workflows/{self.settings.workflow}"
        return WorkflowExecutions(self.settings.endpoint_executions, workflow)

    @cached_property
    def generator_jobs(self) -> GeneratorJobs:
        from ripple.gateways.generator_jobs import CloudRunJobs

        return CloudRunJobs(self.settings.endpoint_run, self.settings.parent)

    @cached_property
    def pipeline_jobs(self) -> PipelineJobs:
        from ripple.gateways.pipeline_jobs import VertexPipelineJobs

        output = f"gs://{self.settings.bucket('models')}/pipelines"
        return VertexPipelineJobs(
            self.settings.endpoint_vertex, self.settings.parent, output, self.settings.pipeline_service_account
        )

    @cached_property
    def _firestore(self) -> Any:
        from google.cloud import firestore

        return firestore.Client(project=self.settings.project)


def open_edge(environ: Mapping[str, str]) -> Edge:
    """The ports by the settings in `environ`. ValueError names a setting that is wrong."""
    return Edge(read_settings(environ))


@cache
def build_edge() -> Edge:
    """The one edge of this process."""
    return open_edge(os.environ)
