"""Workflows executions behind the Executions port. The client library speaks gRPC only."""

from __future__ import annotations

import json
from collections.abc import Mapping

from google.api_core.exceptions import NotFound
from google.cloud.workflows.executions_v1 import CreateExecutionRequest, Execution, ExecutionsClient
from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

from ripple.gateways.transport import grpc_client


class WorkflowExecutions:
    def __init__(self, endpoint: str, workflow: str) -> None:
        self._client: ExecutionsClient = grpc_client(ExecutionsClient, ExecutionsGrpcTransport, endpoint)
        self._workflow = workflow

    def start(self, argument: Mapping[str, object]) -> str:
        request = CreateExecutionRequest(parent=self._workflow, execution=Execution(argument=json.dumps(argument)))
        return str(self._client.create_execution(request=request, timeout=30).name)

    def state(self, execution: str) -> str:
        try:
            return str(self._client.get_execution(name=execution, timeout=30).state.name)
        except NotFound:
            return "UNAVAILABLE"

    def result(self, execution: str) -> object:
        answer = str(self._client.get_execution(name=execution, timeout=30).result)
        return json.loads(answer) if answer else None

    def cancel(self, execution: str) -> None:
        self._client.cancel_execution(name=execution, timeout=30)
