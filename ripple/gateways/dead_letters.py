"""`ops.dead_letters`, which a Pub/Sub subscription writes, behind the DeadLetters port."""

from __future__ import annotations

from collections.abc import Sequence

from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import ArrayQueryParameter, Client, QueryJobConfig, ScalarQueryParameter

from ripple.wire.dead_letters import DeadLetter, read_dead_letter

_COLUMNS = "message_id, publish_time, data, attributes"


class BigQueryDeadLetters:
    """A subscription may write a message twice, so one row of an id counts. A query that would bill more bytes than it may fails."""

    def __init__(self, project: str, location: str, endpoint: str, most_bytes: int) -> None:
        """`most_bytes` billed by a query at most; 0 is no limit."""
        options = {"api_endpoint": endpoint} if endpoint else None
        credentials = AnonymousCredentials() if endpoint else None  # type: ignore[no-untyped-call]
        self._client = Client(
            project=project,
            location=location,
            credentials=credentials,
            client_options=options,
            default_query_job_config=QueryJobConfig(maximum_bytes_billed=most_bytes or None),
        )

    def read(self, ids: Sequence[str]) -> Sequence[DeadLetter]:
        return self._select("message_id IN UNNEST(@ids)", ids, 2 * len(ids))

    def list(self, without: Sequence[str], limit: int) -> Sequence[DeadLetter]:
        return self._select("message_id NOT IN UNNEST(@ids)", without, limit)

    def _select(self, where: str, ids: Sequence[str], limit: int) -> Sequence[DeadLetter]:
        query = f"SELECT {_COLUMNS} FROM ops.dead_letters WHERE {where} ORDER BY publish_time, message_id LIMIT @most"
        parameters = [ArrayQueryParameter("ids", "STRING", list(ids)), ScalarQueryParameter("most", "INT64", limit)]
        rows = self._client.query_and_wait(query, job_config=QueryJobConfig(query_parameters=parameters))
        return list({row["message_id"]: _decode(row) for row in rows}.values())


def _decode(row: object) -> DeadLetter:
    import json

    message = dict(row.items())  # type: ignore[attr-defined]
    return read_dead_letter(
        message["message_id"],
        message["publish_time"],
        message["data"] or b"",
        json.loads(message["attributes"] or "{}"),
    )
