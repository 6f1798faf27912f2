"""Deliver to push endpoints and to BigQuery: one task a subscription, requests side by side, dispatched as messages arrive."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import Callable
from functools import partial

import httpx

from laptop.loops import DISK_ERRORS, keep_on
from laptop.pubsub.backlog import Backlog, Delivery
from laptop.pubsub.broker import Broker
from laptop.pubsub.leasing import Leaser
from laptop.pubsub.times import rfc3339
from laptop.pubsub.tokens import TokenSigner

_LOG = logging.getLogger("laptop.pubsub")
_SIDE_BY_SIDE = 20
_ROWS_AT_ONCE = 500


class Deliverer:
    """Keeps one delivery task for every subscription that wants one."""

    def __init__(
        self,
        broker: Broker,
        leaser: Leaser,
        signer: TokenSigner,
        bigquery: str | None,
        opening: asyncio.Event | None,
    ) -> None:
        self._broker, self._leaser, self._signer, self._bigquery = broker, leaser, signer, bigquery
        self._opening = opening
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(600, connect=5), limits=limits, trust_env=False)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        broker.on_change = self.refresh
        for name in broker.backlogs:
            self.refresh(name)

    def refresh(self, name: str) -> None:
        """Start, keep or end the task of a subscription that changed."""
        running = self._tasks.pop(name, None)
        if running is not None:
            running.cancel()
        backlog = self._broker.backlogs.get(name)
        if backlog is None or backlog.subscription.detached:
            return
        if backlog.subscription.push_config.push_endpoint:
            self._tasks[name] = asyncio.create_task(keep_on(partial(self._push_all, backlog)))
        elif backlog.subscription.bigquery_config.table and self._bigquery:
            self._tasks[name] = asyncio.create_task(keep_on(partial(self._write_all, backlog)))

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _push_all(self, backlog: Backlog) -> None:
        if self._opening is not None:
            await self._opening.wait()
        slots = asyncio.Semaphore(1 if backlog.subscription.enable_message_ordering else _SIDE_BY_SIDE)
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                await slots.acquire()
                leased = await self._leaser.lease(backlog, 1)
                if not leased:
                    slots.release()
                    await backlog.arrived.wait()
                    await asyncio.sleep(0)
                    continue
                task = asyncio.create_task(self._push_one(backlog, leased[0], slots.release))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            for task in under_way:
                task.cancel()

    async def _push_one(self, backlog: Backlog, delivery: Delivery, done: Callable[[], None]) -> None:
        accepted = False
        try:
            accepted = await self._post(backlog, delivery)
        finally:
            # Also when the subscription changed meanwhile: the message must not wait for its deadline.
            try:
                self._settle(backlog, delivery, accepted)
            finally:
                done()

    def _settle(self, backlog: Backlog, delivery: Delivery, accepted: bool) -> None:
        try:
            if accepted:
                backlog.ack([delivery.ack_id])
            elif backlog.holds(delivery.ack_id):
                self._broker.dead_letter(backlog, backlog.give_back(delivery))
        except DISK_ERRORS as error:
            # Its lease runs out, and it is delivered again: once too often is better than never.
            _LOG.warning("%s: %r", backlog.name, error)

    async def _post(self, backlog: Backlog, delivery: Delivery) -> bool:
        config = backlog.subscription.push_config
        headers, body = _unwrapped(backlog, delivery) if "no_wrapper" in config else _wrapped(backlog, delivery)
        if "oidc_token" in config and config.oidc_token.service_account_email:
            audience = config.oidc_token.audience or config.push_endpoint
            headers["Authorization"] = f"Bearer {self._signer.sign(config.oidc_token.service_account_email, audience)}"
        try:
            answer = await self._client.post(config.push_endpoint, content=body, headers=headers)
        except httpx.HTTPError as error:
            _LOG.info("%s: %r", backlog.name, error)
            return False
        return answer.status_code in (102, 200, 201, 202, 204)

    async def _write_all(self, backlog: Backlog) -> None:
        while True:
            await backlog.arrived.wait()
            leased = await self._leaser.lease(backlog, _ROWS_AT_ONCE, 60)
            if not leased:
                await asyncio.sleep(0)
                continue
            with contextlib.suppress(httpx.HTTPError):
                if await self._insert(backlog, leased):
                    backlog.ack([delivery.ack_id for delivery in leased])
                    continue
            for delivery in leased:
                self._broker.dead_letter(backlog, backlog.give_back(delivery))
            await asyncio.sleep(0.5)

    async def _insert(self, backlog: Backlog, leased: list[Delivery]) -> bool:
        project, dataset, table = backlog.subscription.bigquery_config.table.replace(":", ".").split(".")
        address = f"http://{self._bigquery}/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}"
        found = await self._client.get(address)
        if found.status_code != 200:
            return False
        fields = found.json()["schema"]["fields"]
        as_bytes = any(field["name"] == "data" and field["type"] == "BYTES" for field in fields)
        rows = [
            {"insertId": delivery.message.message_id, "json": _row(backlog, delivery, as_bytes)} for delivery in leased
        ]
        answer = await self._client.post(f"{address}/insertAll", json={"rows": rows})
        return answer.status_code == 200 and not answer.json().get("insertErrors")


def _row(backlog: Backlog, delivery: Delivery, as_bytes: bool) -> dict[str, str]:
    """A row of the table: its `data` column is STRING, or BYTES, which JSON writes as base64."""
    data = delivery.message.data
    row = {"data": base64.b64encode(data).decode() if as_bytes else data.decode(errors="replace")}
    if not backlog.subscription.bigquery_config.write_metadata:
        return row
    return row | {
        "subscription_name": backlog.name,
        "message_id": delivery.message.message_id,
        "publish_time": rfc3339(delivery.message.publish_time),
        "attributes": json.dumps(dict(delivery.message.attributes)),
    }


def _wrapped(backlog: Backlog, delivery: Delivery) -> tuple[dict[str, str], bytes]:
    message = delivery.message
    at = rfc3339(message.publish_time)
    inner: dict[str, object] = {
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": at,
        "publish_time": at,
    }
    if message.data:
        inner["data"] = base64.b64encode(message.data).decode()
    if message.attributes:
        inner["attributes"] = dict(message.attributes)
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    body: dict[str, object] = {"message": inner, "subscription": backlog.name}
    if backlog.subscription.dead_letter_policy.dead_letter_topic:
        body["deliveryAttempt"] = delivery.attempts
    return {"content-type": "application/json"}, json.dumps(body).encode()


def _unwrapped(backlog: Backlog, delivery: Delivery) -> tuple[dict[str, str], bytes]:
    message = delivery.message
    headers = {"content-type": "application/octet-stream"}
    if backlog.subscription.push_config.no_wrapper.write_metadata:
        headers |= {name.lower(): value for name, value in message.attributes.items()}
        headers["x-goog-pubsub-subscription-name"] = backlog.name
        headers["x-goog-pubsub-message-id"] = message.message_id
        headers["x-goog-pubsub-publish-time"] = rfc3339(message.publish_time)
        if message.ordering_key:
            headers["x-goog-pubsub-ordering-key"] = message.ordering_key
    return {name: value.encode("ascii", "backslashreplace").decode() for name, value in headers.items()}, message.data
