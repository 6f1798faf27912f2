"""Connectors: Google's APIs called by name, over the protocol each laptop service speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.cloud.firestore_v1.types import CreateDocumentRequest, GetDocumentRequest
from google.protobuf import json_format
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.types import PublishRequest

from laptop.workflows.environment import Requests
from laptop.workflows.errors import http_error, tagged

Arguments = dict[str, Any]
_RESULT_OPTIONS = ("location", "maxResults", "pageToken", "startIndex", "timeoutMs")


class LaptopConnectors:
    """Calls neighbours over one lazily made gRPC channel each; errors come back as HttpError maps."""

    def __init__(self, requests: Requests, endpoints: Mapping[str, str]) -> None:
        self._requests = requests
        self._endpoints = endpoints
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[str, Callable[[Arguments], Awaitable[Any]]] = {
            "googleapis.pubsub.v1.projects.topics.publish": self._publish,
            "googleapis.firestore.v1.projects.databases.documents.createDocument": self._create_document,
            "googleapis.firestore.v1.projects.databases.documents.get": self._get_document,
            "googleapis.bigquery.v2.jobs.query": self._query,
            "googleapis.bigquery.v2.jobs.getQueryResults": self._get_query_results,
            "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.get": self._get_execution,
        }

    async def call(self, name: str, arguments: Arguments) -> Any:
        """The JSON answer of a connector. Raises HttpError with the REST code of the gRPC status, or TypeError."""
        try:
            return await self._calls[name]({key: arguments[key] for key in arguments if key != "connector_params"})
        except KeyError as error:
            raise tagged("TypeError", f"{name} needs the argument {error.args[0]}") from error
        except json_format.ParseError as error:
            raise http_error(400, _status(400, "INVALID_ARGUMENT", str(error))) from error
        except GoogleAPICallError as error:
            code = error.code or 500
            name_of_status = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
            raise http_error(int(code), _status(int(code), name_of_status, error.message)) from error
        except RetryError as error:
            raise tagged("TimeoutError", f"{name}: {error}") from error

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    def _channel(self, service: str) -> grpc.aio.Channel:
        if service not in self._endpoints:
            raise tagged("ConnectionFailedError", f"the laptop has no {service} service")
        if service not in self._channels:
            self._channels[service] = grpc.aio.insecure_channel(self._endpoints[service])
        return self._channels[service]

    async def _publish(self, arguments: Arguments) -> Any:
        client = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=self._channel("pubsub")))
        request = json_format.ParseDict({**arguments["body"], "topic": arguments["topic"]}, PublishRequest.pb()())
        return _as_json(await client.publish(PublishRequest(request)))

    def _documents(self) -> FirestoreAsyncClient:
        return FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=self._channel("firestore")))

    async def _create_document(self, arguments: Arguments) -> Any:
        wanted = {
            "parent": arguments["parent"],
            "collection_id": arguments["collectionId"],
            "document_id": arguments.get("documentId", ""),
            "document": arguments["body"],
        }
        request = json_format.ParseDict(wanted, CreateDocumentRequest.pb()())
        return _as_json(await self._documents().create_document(CreateDocumentRequest(request)))

    async def _get_document(self, arguments: Arguments) -> Any:
        return _as_json(await self._documents().get_document(GetDocumentRequest(name=arguments["name"])))

    async def _query(self, arguments: Arguments) -> Any:
        url = f"https://bigquery.googleapis.com/bigquery/v2/projects/{arguments['projectId']}/queries"
        return (await self._requests.send("POST", {"url": url, "body": arguments["body"]}))["body"]

    async def _get_query_results(self, arguments: Arguments) -> Any:
        place = f"projects/{arguments['projectId']}/queries/{arguments['jobId']}"
        query = {name: arguments[name] for name in _RESULT_OPTIONS if name in arguments}
        url = f"https://bigquery.googleapis.com/bigquery/v2/{place}"
        return (await self._requests.send("GET", {"url": url, "query": query}))["body"]

    async def _get_execution(self, arguments: Arguments) -> Any:
        url = f"https://workflowexecutions.googleapis.com/v1/{arguments['name']}"
        return (await self._requests.send("GET", {"url": url}))["body"]


def _as_json(message: Any) -> Any:
    return json_format.MessageToDict(type(message).pb(message))


def _status(code: int, name: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": name, "message": message}}
