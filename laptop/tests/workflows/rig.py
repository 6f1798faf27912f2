"""Surroundings that record, for running workflows without a server."""

from __future__ import annotations

import asyncio
from typing import Any

from laptop.workflows.environment import ExecutionEnvironment
from laptop.workflows.errors import WorkflowError, http_error
from laptop.workflows.interpreter import run_workflow
from laptop.workflows.source import read_source


class Recorder:
    """Answers http and connector calls from a list (a WorkflowError is raised) and records calls and sleeps."""

    def __init__(self, answers: list[Any] | None = None) -> None:
        self.answers = list(answers or [])
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.slept: list[float] = []

    async def send(self, method: str, arguments: dict[str, Any]) -> Any:
        return await self.call(method, arguments)

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        self.calls.append((name, arguments))
        answer = self.answers.pop(0)
        if isinstance(answer, WorkflowError):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)  # others of a parallel block go on meanwhile

    def surroundings(self) -> ExecutionEnvironment:
        return ExecutionEnvironment(
            now=lambda: 1000.0,
            sleep=self.sleep,
            new_id=lambda: "id-1",
            log=lambda severity, data: None,
            variables={"HOME_BUCKET": "b"},
            requests=self,
            connectors=self,
        )


def run(source: str, argument: Any = None, recorder: Recorder | None = None) -> Any:
    return asyncio.run(run_workflow(read_source(source), argument, (recorder or Recorder()).surroundings()))


def status(code: int) -> WorkflowError:
    return http_error(code, {"error": {"code": code}})
