"""Read the states of a run's tasks off the log that kfp's local runner prints. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_COLOR = re.compile(r"\x1b\[\d+m")
_EVENT = re.compile(
    r"^(?P<time>\d\d:\d\d:\d\d\.\d{3}) - \w+ - (?:Executing task '(?P<started>[^']+)'"
    r"|Task '(?P<ended>[^']+)' finished with status (?P<status>\w+))"
)


def list_task_names(spec: Mapping[str, Any]) -> list[str]:
    """Names of the tasks that run a container, wherever they are nested, in the spec's order."""
    return _leaves(spec, spec["root"]["dag"]["tasks"])


def _leaves(spec: Mapping[str, Any], tasks: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    for task in tasks.values():
        component = task["componentRef"]["name"]
        inner = spec["components"][component].get("dag")
        names += _leaves(spec, inner["tasks"]) if inner else [component.removeprefix("comp-")]
    return names


def read_tasks(names: list[str], log: str, began: datetime, *, over: bool) -> list[dict[str, Any]]:
    """`taskDetails` of a job. `began` (UTC) dates the log's times of day; `over`: nothing more will be logged."""
    found: dict[str, dict[str, Any]] = {}
    said, moment = "", began
    for line in _COLOR.sub("", log).splitlines():
        event = _EVENT.match(line)
        if event is None:
            said = line.strip() or said
            continue
        moment = _date_time(event["time"], moment)
        if event["started"]:
            found[event["started"]] = {"state": "RUNNING", "startTime": _rfc3339(moment)}
        else:
            found[event["ended"]] |= _ending(event["status"], moment, said)
    absent = {"state": "NOT_TRIGGERED" if over else "PENDING"}
    ordered = [*found, *(name for name in names if name not in found)]
    return [
        {"taskId": str(number), "taskName": name, **found.get(name, absent)} for number, name in enumerate(ordered, 1)
    ]


def _ending(status: str, moment: datetime, said: str) -> dict[str, Any]:
    if status == "SUCCESS":
        return {"state": "SUCCEEDED", "endTime": _rfc3339(moment)}
    return {"state": "FAILED", "endTime": _rfc3339(moment), "error": {"code": 13, "message": said}}


def _date_time(text: str, not_before: datetime) -> datetime:
    time = datetime.strptime(text, "%H:%M:%S.%f").replace(tzinfo=not_before.tzinfo).timetz()
    moment = datetime.combine(not_before.date(), time)
    late = moment < not_before - timedelta(hours=12)
    return moment + timedelta(days=1) if late else moment


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
