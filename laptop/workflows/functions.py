"""Resolve the functions an execution calls: the standard library, HTTP, connectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from laptop.workflows.environment import ExecutionEnvironment
from laptop.workflows.errors import tagged
from laptop.workflows.evaluation import FunctionName
from laptop.workflows.library import PURE, call_bound
from laptop.workflows.operators import is_number, type_name
from laptop.workflows.retries import POLICIES, PREDICATES, decide_retry

HTTP = frozenset({f"http.{verb}" for verb in ("get", "post", "put", "patch", "delete", "request")})
BLOCKING = HTTP | {"sys.sleep", "sys.sleep_until", "sys.log"}
SYSTEM = frozenset({"sys.get_env", "sys.now", "uuid.generate"})
CONNECTORS = frozenset(
    {
        "googleapis.pubsub.v1.projects.topics.publish",
        "googleapis.firestore.v1.projects.databases.documents.createDocument",
        "googleapis.firestore.v1.projects.databases.documents.get",
        "googleapis.bigquery.v2.jobs.query",
        "googleapis.bigquery.v2.jobs.getQueryResults",
        "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.get",
    }
)
IN_EXPRESSIONS = frozenset(PURE) | SYSTEM | PREDICATES
KNOWN = IN_EXPRESSIONS | BLOCKING | CONNECTORS


def find_constant(name: str) -> Any:
    """The policy or function a dotted name of the standard library stands for, or None."""
    if name in POLICIES:
        return dict(POLICIES[name])
    return FunctionName(name=name) if name in KNOWN else None


class StandardLibrary:
    """The library as one execution sees it."""

    def __init__(self, surroundings: ExecutionEnvironment) -> None:
        self._around = surroundings

    async def call(self, name: str, positional: list[Any], named: dict[str, Any]) -> Any:
        """Call a function by its documented name."""
        if name in PURE:
            return call_bound(name, PURE[name], positional, named)
        if name in PREDICATES:
            return call_bound(name, partial(decide_retry, name), positional, named)
        if name in HTTP:
            return await self._around.requests.send(name.removeprefix("http.").upper(), named)
        if name in CONNECTORS:
            return await self._around.connectors.call(name, named)
        return await self._call_system(name, positional, named)

    async def _call_system(self, name: str, positional: list[Any], named: dict[str, Any]) -> Any:
        functions: dict[str, Callable[..., Any]] = {
            "sys.now": self._now,
            "sys.get_env": self._get_env,
            "sys.log": self._log,
            "uuid.generate": self._generate,
            "sys.sleep": self._sleep,
            "sys.sleep_until": self._sleep_until,
        }
        if name not in functions:
            raise tagged("KeyError", f"function not found: {name}")
        answer = call_bound(name, functions[name], positional, named)
        return await answer if name.startswith("sys.sleep") else answer

    def _now(self) -> float:
        return self._around.now()

    def _generate(self) -> str:
        return self._around.new_id()

    def _get_env(self, name: Any, default: Any = None) -> Any:
        if not isinstance(name, str) or not isinstance(default, str | None):
            raise tagged("TypeError", f"sys.get_env needs strings, got {type_name(name)} and {type_name(default)}")
        if name in self._around.variables:
            return self._around.variables[name]
        if default is None:
            raise tagged("KeyError", f"environment variable not found: {name}")
        return default

    def _log(
        self, data: Any = None, severity: Any = "DEFAULT", text: Any = None, json: Any = None, timeout: Any = None
    ) -> None:
        del timeout  # accepted as documented; a local log can't run into it
        given = [each for each in (data, text, json) if each is not None]
        if len(given) != 1 or not isinstance(json, dict | None) or type_name(given[0]) in ("bytes", "function"):
            raise tagged("TypeError", "sys.log needs one of data, text or json; json is a map")
        self._around.log(str(severity), given[0])

    async def _sleep(self, seconds: Any) -> None:
        if not is_number(seconds) or not 0 <= seconds <= 31_536_000:
            raise tagged("ValueError", f"sys.sleep needs 0 to 31536000 seconds, got {seconds!r}")
        await self._around.sleep(seconds)

    async def _sleep_until(self, time: Any) -> None:
        if not isinstance(time, str):
            raise tagged("TypeError", f"sys.sleep_until needs a string, got {type_name(time)}")
        await self._sleep(max(0.0, PURE["time.parse"](time) - self._around.now()))
