"""A REST API of Google's as a discovery document lists it: which methods a server's routes answer, and what the others are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute, Match, Route

from laptop.api.surface import ABSENT, SERVED, Surface, find_reason, read_methods

_PLACEHOLDER = re.compile(r"\{[^}]+\}")
_LAST_ID = re.compile(r"\[\^/\]\+\)\$$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestMethod:
    """`path` has its placeholders in braces."""

    name: str
    verb: str
    path: str

    def matches(self, verb: str, path: str) -> bool:
        ours, theirs = self.path.split("/"), path.split("/")
        return verb == self.verb and len(ours) == len(theirs) and all(map(_fits, ours, theirs))

    @property
    def sample(self) -> str:
        """A path of a request for it."""
        return _PLACEHOLDER.sub("x", self.path)

    @property
    def literals(self) -> int:
        """How much of the path is fixed: of two methods that match a request, the one with more is meant."""
        return len(_PLACEHOLDER.sub("", self.path))


def _fits(template: str, segment: str) -> bool:
    before, brace, rest = template.partition("{")
    if not brace:
        return template == segment
    after = rest.partition("}")[2]
    return len(segment) > len(before + after) and segment.startswith(before) and segment.endswith(after)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi:
    """The methods of one discovery document."""

    title: str
    source: str
    methods: Sequence[RestMethod]

    def name_of(self, verb: str, path: str) -> str:
        """The method that a request means, "" if it is none of this API."""
        found = [method for method in self.methods if method.matches(verb, path)]
        return max(found, key=lambda method: method.literals).name if found else ""

    def describe(self, routes: Sequence[BaseRoute]) -> Surface:
        """Which methods the routes of a server answer."""
        states = {method.name: _state(method, routes) for method in self.methods}
        return Surface(title=self.title, source=self.source, methods=states)


def read_api(name: str) -> RestApi:
    """An API by the name of its document, such as `run.v2`."""
    listed = read_methods(name)
    pairs = ((method, *call.split(" ", 1)) for method, call in listed["methods"].items())
    methods = [RestMethod(name=method, verb=verb, path=path) for method, verb, path in pairs]
    return RestApi(title=listed["title"], source=listed["source"], methods=methods)


def _state(method: RestMethod, routes: Sequence[BaseRoute]) -> str:
    endpoint = find_endpoint(routes, method.verb, method.sample)
    if endpoint is not None and not getattr(endpoint, "is_refusal", False):
        return SERVED
    return find_reason(method.name) or ABSENT


def find_endpoint(routes: Sequence[BaseRoute], verb: str, path: str) -> Any | None:
    """The handler of the first route that takes the request."""
    scope = {"type": "http", "method": verb, "path": path, "root_path": "", "headers": []}
    matching = (route for route in routes if route.matches(scope)[0] is Match.FULL)
    return next((route.endpoint for route in matching if isinstance(route, Route)), None)


def keep_verbs_out_of_ids(routes: Sequence[BaseRoute]) -> None:
    """The last id of a path ends where `:verb` begins: `/triggers/{trigger}` would take `/triggers/t:getIamPolicy` for its own."""
    for route in routes:
        if isinstance(route, Route):
            route.path_regex = re.compile(_LAST_ID.sub("[^/:]+)$", route.path_regex.pattern))
