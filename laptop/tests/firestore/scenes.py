"""Steps such as `A reads x` or `W sets x=2` against the handlers of one database: what each step answers, and what waits.

The letter says who: a transaction, or a writer outside of one. Documents have one field, `n`, and are in the collection `d`
unless another is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any

from google.cloud.firestore_v1 import types as t

from laptop.firestore.database import Database
from laptop.firestore.messages import Pb
from laptop.firestore.reading import Reader
from laptop.firestore.transactions import Limits
from laptop.firestore.writing import WriteRpc
from laptop.rpc import RpcError

DATABASE = "projects/p/databases/(default)"
PARENT = f"{DATABASE}/documents"


class Scene:
    """One database and a clock that stands still until it is moved (seconds)."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.now = 1_000_000.0
        self.database = Database(folder, lambda: self.now, limits=limits)
        self._reader, self._writer = Reader(self.database), WriteRpc(self.database)
        self._transactions: dict[str, bytes] = {}
        self._tasks: dict[str, asyncio.Task[str]] = {}

    async def step(self, text: str) -> list[str]:
        """What the step answered, or that it waits; then what answers came to those who had been waiting."""
        who, verb, *words = text.split()
        waiting = {name: task for name, task in self._tasks.items() if not task.done()}
        task = self._tasks[who] = asyncio.create_task(self._answer(getattr(self, f"_{verb}")(who, *words)))
        await self._settle()
        later = [f"{name}: {one.result()}" for name, one in waiting.items() if one.done()]
        return [task.result() if task.done() else "waits", *later]

    async def finish(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self.database.close()

    async def _answer(self, call: Awaitable[str]) -> str:
        try:
            return await call
        except RpcError as error:
            return str(error.code.name)

    async def _settle(self) -> None:
        """Until all who have not answered are blocked by a lock."""
        locks = self.database.locks
        while True:
            open_ = sum(not task.done() for task in self._tasks.values())
            blocked = [request for request in locks.waiting if locks.find_blockers(request)]
            if len(blocked) == open_ == len(locks.waiting):
                return
            await asyncio.sleep(0.001)

    async def _moves(self, _who: str, seconds: str) -> str:
        self.now += float(seconds)
        return "ok"

    async def _begins(self, who: str, mode: str = "") -> str:
        return await self._begin(who, _options(mode))

    async def _retries(self, who: str, mode: str = "") -> str:
        options = _options(mode)
        options["read_write"]["retry_transaction"] = self._transactions[who]
        return await self._begin(who, options)

    async def _begin(self, who: str, options: Any) -> str:
        request = t.BeginTransactionRequest(database=DATABASE, options=options)
        self._transactions[who] = (await self._writer.begin_transaction(_pb(request))).transaction
        return "ok"

    async def _reads(self, who: str, *names: str) -> str:
        request = t.BatchGetDocumentsRequest(
            database=DATABASE, documents=[_name(name) for name in names], transaction=self._transactions[who]
        )
        answers = self._reader.batch_get_documents(_pb(request))
        found = [t.BatchGetDocumentsResponse.pb().FromString(data) async for data in answers]
        return " ".join(str(one.found.fields["n"].integer_value) if one.HasField("found") else "-" for one in found)

    async def _finds(self, who: str, condition: str, limit: str = "0", order: str = "") -> str:
        request = t.RunQueryRequest(
            parent=PARENT,
            structured_query=_query(condition, int(limit), order),
            transaction=self._transactions[who],
        )
        answers = [t.RunQueryResponse.pb().FromString(data) async for data in self._reader.run_query(_pb(request))]
        return " ".join(one.document.name.rpartition("/")[2] for one in answers if one.HasField("document")) or "none"

    async def _counts(self, who: str, condition: str) -> str:
        aggregation = {"structured_query": _query(condition, 0, ""), "aggregations": [{"alias": "c", "count": {}}]}
        request = t.RunAggregationQueryRequest(
            parent=PARENT, structured_aggregation_query=aggregation, transaction=self._transactions[who]
        )
        (data,) = [data async for data in self._reader.run_aggregation_query(_pb(request))]
        answer = t.RunAggregationQueryResponse.pb().FromString(data)
        return str(answer.result.aggregate_fields["c"].integer_value)

    async def _commits(self, who: str, *words: str) -> str:
        return await self._commit(words, self._transactions[who])

    async def _sets(self, _who: str, *words: str) -> str:
        return await self._commit(words, b"")

    async def _deletes(self, _who: str, name: str) -> str:
        return await self._commit([f"{name}="], b"")

    async def _creates(self, _who: str, word: str) -> str:
        write = _write(word)
        write.current_document.exists = False
        await self._writer.commit(_pb(t.CommitRequest(database=DATABASE, writes=[write])))
        return "ok"

    async def _commit(self, words: Sequence[str], transaction: bytes) -> str:
        request = t.CommitRequest(database=DATABASE, writes=[_write(word) for word in words], transaction=transaction)
        await self._writer.commit(_pb(request))
        return "ok"

    async def _batches(self, _who: str, *words: str) -> str:
        request = t.BatchWriteRequest(database=DATABASE, writes=[_write(word) for word in words])
        answer = await self._writer.batch_write(_pb(request))
        return " ".join(str(status.code) for status in answer.status)

    async def _rolls(self, who: str, _back: str) -> str:
        await self._writer.rollback(_pb(t.RollbackRequest(database=DATABASE, transaction=self._transactions[who])))
        return "ok"


def play(folder: Path, case: dict[str, Any], limits: Limits) -> list[tuple[str, list[str]]]:
    """Each step of a case and what it answered."""

    async def run() -> list[tuple[str, list[str]]]:
        scene = Scene(folder, limits)
        try:
            return [(step, await scene.step(step)) for step in case["steps"]]
        finally:
            await scene.finish()

    return asyncio.run(run())


def _options(mode: str) -> dict[str, Any]:
    if mode == "read-only":
        return {"read_only": {}}
    return {"read_write": {"concurrency_mode": mode.upper() or "CONCURRENCY_MODE_UNSPECIFIED"}}


def _pb(message: Any) -> Pb:
    return type(message).pb(message)


def _name(name: str) -> str:
    return f"{PARENT}/{name if '/' in name else f'd/{name}'}"


def _write(word: str) -> Any:
    """`x=1` sets, `x=` deletes."""
    name, _, value = word.partition("=")
    if not value:
        return t.Write(delete=_name(name))
    return t.Write(update=t.Document(name=_name(name), fields={"n": t.Value(integer_value=int(value))}))


_COMPARISONS: dict[str, str] = {"=": "EQUAL", ">": "GREATER_THAN", "<": "LESS_THAN"}


def _query(condition: str, limit: int, order: str) -> dict[str, Any]:
    """`n=1`, `n>1`, `n<1` or `all`; ordered by `n` or `-n` if that is said."""
    query: dict[str, Any] = {"from_": [{"collection_id": "d"}]}
    if condition != "all":
        filter_ = {"field": {"field_path": "n"}, "op": _COMPARISONS[condition[1]]}
        query["where"] = {"field_filter": filter_ | {"value": {"integer_value": int(condition[2:])}}}
    if order:
        direction = "DESCENDING" if order.startswith("-") else "ASCENDING"
        query["order_by"] = [{"field": {"field_path": "n"}, "direction": direction}]
    return query | ({"limit": limit} if limit else {})
