"""http.*: what is sent, where to, and what an execution gets back. No socket: httpx answers from a function."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from laptop.workflows.errors import WorkflowError
from laptop.workflows.web import RESPONSE_BYTES, LaptopRequests

ENDPOINTS = {"bigquery": "127.0.0.1:9050", "vertex": "127.0.0.1:9060"}
Answer = Callable[[httpx.Request], httpx.Response]


class Wire:
    """The other end: records the requests and answers each the same way."""

    def __init__(self, answer: httpx.Response | Exception | None = None) -> None:
        self.answer = answer or httpx.Response(200, json={"ok": True})
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def send(verb: str, wire: Wire, **arguments: Any) -> Any:
    async def call() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(wire)) as client:
            return await LaptopRequests(client, ENDPOINTS).send(verb, {"url": "http://localhost:1/x", **arguments})

    return asyncio.run(call())


def sent(verb: str = "POST", **arguments: Any) -> httpx.Request:
    wire = Wire()
    send(verb, wire, **arguments)
    return wire.requests[0]


def tags_of(verb: str, wire: Wire, **arguments: Any) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        send(verb, wire, **arguments)
    return caught.value.tags


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("http://localhost:8080/a?b=1", "http://localhost:8080/a?b=1"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        ("https://bigquery.googleapis.com/bigquery/v2/projects", "http://127.0.0.1:9050/bigquery/v2/projects"),
        ("https://us-central1-aiplatform.googleapis.com/v1/x?y=2", "http://127.0.0.1:9060/v1/x?y=2"),
    ],
)
def test_a_host_of_googles_leads_to_the_service_that_stands_in_for_it(url: str, reached: str) -> None:
    assert str(sent("GET", url=url).url) == reached


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://storage.googleapis.com/b/o", "https://bigquery.googleapis.com.evil.test/"]
)
def test_the_internet_is_never_reached(url: str) -> None:
    wire = Wire()
    assert tags_of("GET", wire, url=url) == ["ConnectionFailedError"]
    assert wire.requests == []


@pytest.mark.parametrize(
    ("body", "headers", "content", "kind"),
    [
        ({"a": [1, None]}, {}, b'{"a": [1, null]}', "application/json; charset=utf-8"),
        ([1, 2], {}, b"[1, 2]", "application/json; charset=utf-8"),
        ("text", {}, b'"text"', "application/json; charset=utf-8"),
        (5, {}, b"5", "application/json; charset=utf-8"),
        (b"\x00\x01", {}, b"\x00\x01", "application/octet-stream"),
        ("a,b", {"Content-Type": "text/csv"}, b"a,b", "text/csv"),
        ("text", {"content-type": "application/json"}, b'"text"', "application/json"),
        (
            {"a": "b c", "d": 1},
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"a=b+c&d=1",
            "application/x-www-form-urlencoded",
        ),
    ],
)
def test_a_body_is_encoded_by_its_type_and_the_content_type_asked_for(
    body: Any, headers: dict[str, str], content: bytes, kind: str
) -> None:
    request = sent(body=body, headers=headers)
    assert (request.content, request.headers["content-type"]) == (content, kind)


def test_a_request_without_a_body_has_no_content_type() -> None:
    request = sent("GET")
    assert request.content == b""
    assert "content-type" not in request.headers


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ({"a": 1, "b": "x y"}, "a=1&b=x+y"),
        ({"flag": True, "ratio": 1.5}, "flag=true&ratio=1.5"),
        ({"each": ["a", "b"]}, "each=a&each=b"),
        ({"token": ""}, "token="),
    ],
)
def test_query_values_are_encoded(query: dict[str, Any], written: str) -> None:
    assert sent("GET", query=query).url.query.decode() == written


def test_a_query_of_the_url_stays_where_none_is_given() -> None:
    assert sent("GET", url="http://localhost/x?a=1", query=None).url.query == b"a=1"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "patch"])
def test_request_sends_any_documented_method(method: str) -> None:
    assert sent("REQUEST", method=method).method == method.upper()


@pytest.mark.parametrize("method", ["CONNECT", "", 5])
def test_request_refuses_any_other_method(method: Any) -> None:
    assert tags_of("REQUEST", Wire(), method=method) == ["ValueError"]


@pytest.mark.parametrize("kind", ["OAuth2", "OIDC"])
def test_authentication_adds_a_token(kind: str) -> None:
    assert sent("GET", auth={"type": kind}).headers["authorization"].startswith("Bearer ")


def test_a_header_of_the_caller_wins_over_the_token() -> None:
    request = sent("GET", auth={"type": "OIDC"}, headers={"Authorization": "Basic eA=="})
    assert request.headers["authorization"] == "Basic eA=="


@pytest.mark.parametrize("auth", [{"type": "Basic"}, {}, "OIDC"])
def test_authentication_of_another_type_is_refused(auth: Any) -> None:
    assert tags_of("GET", Wire(), auth=auth) == ["AuthError"]


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 300), (5, 5), (1800, 1800)])
def test_a_request_may_take_its_timeout(timeout: Any, seconds: float) -> None:
    assert sent("GET", timeout=timeout).extensions["timeout"]["read"] == seconds


@pytest.mark.parametrize("timeout", [0, -1, 1801, "5", True])
def test_a_timeout_is_a_number_up_to_half_an_hour(timeout: Any) -> None:
    assert tags_of("GET", Wire(), timeout=timeout) == ["ValueError"]


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ({"url": None}, "TypeError"),
        ({"url": 5}, "TypeError"),
        ({"uri": "x"}, "TypeError"),
        ({"private_service_name": "x"}, "TypeError"),
        ({"url": "ftp://localhost/x"}, "ValueError"),
        ({"url": "localhost/x"}, "ValueError"),
    ],
)
def test_arguments_that_make_no_request_are_refused(arguments: dict[str, Any], tag: str) -> None:
    assert tags_of("GET", Wire(), **arguments) == [tag]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (httpx.Response(200, json={"a": 1}), {"a": 1}),
        (httpx.Response(200, content=b"[1]", headers={"content-type": "application/json; charset=utf-8"}), [1]),
        (httpx.Response(200, text="plain"), "plain"),
        (httpx.Response(200, content=b"\x00\xff", headers={"content-type": "application/octet-stream"}), b"\x00\xff"),
        (httpx.Response(204), ""),
        (httpx.Response(200, content=b"", headers={"content-type": "application/json"}), ""),
    ],
)
def test_an_answer_is_decoded_by_its_content_type(answer: httpx.Response, body: Any) -> None:
    assert send("GET", Wire(answer))["body"] == body


def test_an_answer_has_its_code_and_headers() -> None:
    answer = send("GET", Wire(httpx.Response(201, json={}, headers={"x-request-id": "r1"})))
    assert (answer["code"], answer["headers"]["X-Request-Id"]) == (201, "r1")


@pytest.mark.parametrize("code", [301, 400, 404, 429, 500, 503])
def test_an_answer_outside_2xx_is_an_http_error_with_its_body(code: int) -> None:
    with pytest.raises(WorkflowError) as caught:
        send("GET", Wire(httpx.Response(code, json={"error": {"status": "X"}}, headers={"retry-after": "1"})))
    error = caught.value.value
    assert (error["tags"], error["code"], error["body"]) == (["HttpError"], code, {"error": {"status": "X"}})
    assert error["headers"]["Retry-After"] == "1"
    json.dumps(error)


@pytest.mark.parametrize(
    ("failure", "tag"),
    [
        (httpx.ConnectError("refused"), "ConnectionFailedError"),
        (httpx.ConnectTimeout("late"), "TimeoutError"),
        (httpx.ReadTimeout("late"), "TimeoutError"),
        (httpx.RemoteProtocolError("cut"), "ConnectionError"),
        (httpx.ReadError("reset"), "ConnectionError"),
    ],
)
def test_a_failure_of_the_network_has_its_documented_tag(failure: Exception, tag: str) -> None:
    assert tags_of("GET", Wire(failure)) == [tag]


def test_an_answer_over_two_megabytes_is_refused() -> None:
    assert tags_of("GET", Wire(httpx.Response(200, content=b"x" * (RESPONSE_BYTES + 1)))) == ["ResourceLimitError"]
    assert len(send("GET", Wire(httpx.Response(200, content=b"x" * RESPONSE_BYTES)))["body"]) == RESPONSE_BYTES


def test_an_answer_that_says_json_and_is_not_is_an_error() -> None:
    answer = httpx.Response(200, content=b"{", headers={"content-type": "application/json"})
    assert tags_of("GET", Wire(answer)) == ["ResponseTypeError"]
