"""CloudFront Functions in the local edge: the event they get, what they may decide, and how they fail."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.cloudfront.app import Edge, application
from local.cloudfront.distribution import API, Behavior, Distribution
from local.cloudfront.function import Function, FunctionFailed
from local.cloudfront.origins import Ask
from local.cloudfront.store import Answer, Store

PASS_ON = "function handler(event) { return event.request; }"
BUSY = "for (;;);"


class Recorder:
    """An origin that answers 200 unless it has another status, and remembers the requests."""

    def __init__(self) -> None:
        self.requests: list[Ask] = []
        self.status = 200
        self.headers: dict[str, str] = {}

    async def ask(self, asked: Ask) -> Answer:
        self.requests.append(asked)
        return Answer(self.status, {"content-type": "text/plain", **self.headers}, b"from the origin")


class NoInvalidations:
    def new_items(self) -> list[str]:
        return []


class Site:
    """An edge whose only behavior runs `code` for requests, and `response_code` for the responses."""

    def __init__(self, code: str | None, response_code: str | None = None, **more: Any) -> None:
        self.origin = Recorder()
        behavior = Behavior(API, ("accept",), ("w", "size"), code, response_function=response_code, **more)
        self._app = application(
            Edge(
                Distribution((), behavior, "tags"),
                Store("tags"),
                {API: self.origin},
                NoInvalidations(),  # type: ignore[arg-type]
                {"distributionId": "E1", "distributionDomainName": "cdn.example"},
            )
        )

    def request(self, url: str, method: str = "GET", headers: Any = ()) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("192.0.2.7", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://cdn.example") as client:
                return await client.request(method, url, headers=list(headers))

        return asyncio.run(send())


def event_of(url: str, headers: Any = ()) -> Any:
    """The event that the function gets, which it returns as a body."""
    code = "function handler(event) { return {statusCode: 200, body: JSON.stringify(event)}; }"
    return Site(code).request(url, headers=headers).json()


def test_a_function_sees_the_path_as_it_was_sent() -> None:
    assert event_of("/images/a%20b%2Fc.jpg")["request"]["uri"] == "/images/a%20b%2Fc.jpg"


def test_a_function_sees_repeated_parameters_and_headers_as_multiple_values() -> None:
    event = event_of("/a?w=1&w=2&size=%20&flag", [("accept", "a/b"), ("Accept", "c/d, e/f"), ("X-One", "1")])
    assert event["request"]["querystring"] == {
        "w": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]},
        "size": {"value": "%20"},
        "flag": {"value": ""},
    }
    headers = event["request"]["headers"]
    assert headers["x-one"] == {"value": "1"}
    assert [each["value"] for each in headers["accept"]["multiValue"]][-2:] == ["a/b", "c/d, e/f"]


def test_a_function_sees_cookies_apart_from_headers() -> None:
    request = event_of("/a", [("cookie", "one=1; two=2=2")])["request"]
    assert request["cookies"] == {"one": {"value": "1"}, "two": {"value": "2=2"}}
    assert "cookie" not in request["headers"]


def test_a_function_sees_the_viewer_and_the_distribution() -> None:
    event = event_of("/a")
    assert (event["version"], event["viewer"]) == ("1.0", {"ip": "192.0.2.7"})
    assert (event["context"]["distributionId"], event["context"]["eventType"]) == ("E1", "viewer-request")


@pytest.mark.parametrize("code", [PASS_ON, None])
def test_an_unchanged_request_goes_on_as_it_was_sent(code: str | None) -> None:
    site = Site(code)
    site.request("/a%20b?w=1&w=2", "POST", [("cookie", "one=1; two=2"), ("x-a", "1"), ("x-a", "2")])
    (asked,) = site.origin.requests
    assert (asked.path, asked.query) == ("/a%20b", "w=1&w=2")
    assert (asked.headers["cookie"], asked.headers["x-a"]) == ("one=1; two=2", "1,2")


def test_what_a_function_changes_reaches_the_origin() -> None:
    code = """function handler(event) {
        const request = event.request;
        request.uri = '/other';
        request.querystring = {w: {value: '7'}, dropped: {value: 'not in the cache key'}};
        request.headers.accept = {value: 'image/webp'};
        request.headers['x-a'].multiValue.push({value: '3'});
        return request;
    }"""
    site = Site(code)
    site.request("/a?w=1", headers=[("x-a", "1"), ("x-a", "2")])
    (asked,) = site.origin.requests
    assert (asked.path, asked.query) == ("/other", "w=7")
    assert (asked.headers["accept"], asked.headers["x-a"]) == ("image/webp", "1,2,3")


def test_a_changed_value_replaces_the_first_of_unchanged_multiple_values() -> None:
    site = Site("function handler(event) { event.request.headers['x-a'].value = '9'; return event.request; }")
    site.request("/a", headers=[("x-a", "1"), ("x-a", "2")])
    assert site.origin.requests[0].headers["x-a"] == "9,2"


@pytest.mark.parametrize(
    "body", ["'gone'", "{encoding: 'text', data: 'gone'}", "{encoding: 'base64', data: 'Z29uZQ=='}"]
)
def test_a_function_can_answer_itself(body: str) -> None:
    site = Site(
        f"const handler = () => ({{statusCode: 410, headers: {{'x-a': {{value: 'b'}}}}, body: {body}}});"
    )
    response = site.request("/a")
    assert (response.status_code, response.text, response.headers["x-a"]) == (410, "gone", "b")
    assert site.origin.requests == []


FAILURES = {
    "a syntax error": "function handler(event) {",
    "no handler": "const other = 1;",
    "an exception": "function handler(event) { throw new Error('no'); }",
    "nothing": "function handler(event) {}",
    "a text": "function handler(event) { return 'x'; }",
    "no uri": "function handler(event) { delete event.request.uri; return event.request; }",
    "a relative uri": "function handler(event) { event.request.uri = 'x'; return event.request; }",
    "headers that are text": "function handler(event) { event.request.headers = 'x'; return event.request; }",
    "a body that is not base64": "const handler = () => ({statusCode: 200, body: {encoding: 'base64', data: '!'}});",
    "a promise": "async function handler(event) { return event.request; }",
    "an endless loop": f"function handler(event) {{ {BUSY} }}",
    "a loop that catches": f"function handler(event) {{ try {{ {BUSY} }} catch (e) {{ {BUSY} }} }}",
    "a slow pattern": "function handler(event) { return /^(a+)+$/.test('a'.repeat(60) + 'b'); }",
    "too much memory": "function handler(event) { const all = []; for (;;) all.push(all.length + 'x'.repeat(999)); }",
    "deep recursion": "function handler(event) { return handler(event) + 1; }",
    "eval": "function handler(event) { return eval('event.request'); }",
    "Function": "function handler(event) { return new Function('return {}')(); }",
    "a request of its own": "function handler(event) { return fetch('https://example.com'); }",
    "a module": "function handler(event) { return require('fs'); }",
}


@pytest.mark.parametrize("code", FAILURES.values(), ids=FAILURES)
def test_a_function_that_fails_is_a_503_as_on_cloudfront(code: str) -> None:
    site = Site(code)
    response = site.request("/a")
    assert response.status_code == 503
    assert response.text.startswith("The CloudFront Function failed: ")
    assert site.origin.requests == []


def test_a_request_after_a_failure_is_served() -> None:
    site = Site(
        f"function handler(event) {{ if (event.request.uri == '/bad') {{ {BUSY} }} return event.request; }}"
    )
    assert [site.request(path).status_code for path in ("/good", "/bad", "/good")] == [200, 503, 200]


def test_many_threads_use_one_function_at_once() -> None:
    function = Function("function handler(event) { return {twice: event.number * 2}; }")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: function({"number": number})["twice"], range(2000)))
    assert results == [2 * number for number in range(2000)]


def test_memory_does_not_grow_over_many_requests() -> None:
    # Cycles that only a collector frees: 20 MB of them, in an engine that may hold 2.
    function = Function(
        "function handler(event) { const a = {text: 'x'.repeat(1000)}; a.self = a; return {length: a.text.length}; }"
    )
    assert {function({})["length"] for _ in range(20_000)} == {1000}


def test_a_huge_request_is_a_failure_and_not_the_end() -> None:
    function = Function(PASS_ON)
    with pytest.raises(FunctionFailed):
        function({"request": "x" * 3_000_000})
    assert function({"request": {"uri": "/"}}) == {"uri": "/"}


def test_what_a_function_logs_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    Function("function handler(event) { console.log('saw', event.request.uri); return event.request; }")(
        json.loads('{"request": {"uri": "/a"}}')
    )
    assert "saw /a" in caplog.text


CHANGE = "function handler({request, response}) { response.headers['x-a'] = {value: request.uri}; return response; }"


def test_a_response_function_changes_what_the_viewer_gets_and_not_what_the_edge_stores() -> None:
    site = Site(None, CHANGE)
    site.origin.headers = {"cache-control": "max-age=60"}
    answers = [site.request("/a") for _ in range(2)]
    assert [answer.headers["x-a"] for answer in answers] == ["/a", "/a"]
    assert [answer.headers["x-cache"] for answer in answers] == ["Miss from edge", "Hit from edge"]
    assert answers[1].text == "from the origin"


def test_a_response_function_sees_status_headers_and_age() -> None:
    code = """function handler(event) {
        event.response.headers['x-event'] = {value: JSON.stringify(event)};
        return event.response;
    }"""
    site = Site(None, code)
    site.origin.headers = {"cache-control": "max-age=60"}
    site.request("/a")
    event = json.loads(site.request("/a?w=1", headers=[("x-a", "1")]).headers["x-event"])
    assert event["context"]["eventType"] == "viewer-response"
    assert event["request"]["headers"]["x-a"] == {"value": "1"}
    assert event["response"]["statusCode"] == 200
    event = json.loads(site.request("/a?w=1").headers["x-event"])
    assert event["response"]["headers"]["age"] == {"value": "0"}


def test_a_response_function_is_not_run_for_errors() -> None:
    site = Site(None, CHANGE)
    site.origin.status = 404
    assert "x-a" not in site.request("/a").headers


@pytest.mark.parametrize(
    "code", ["function handler(event) { throw 1; }", "function handler(event) { return {}; }"]
)
def test_a_response_function_that_fails_is_a_503(code: str) -> None:
    assert Site(None, code).request("/a").status_code == 503


def test_an_origin_request_policy_sends_the_whole_query_on_for_one_cache_key() -> None:
    site = Site(None, forwards_query=True)
    site.origin.headers = {"cache-control": "max-age=60"}
    answers = [site.request(f"/a?w=1&other={number}") for number in range(2)]
    assert [asked.query for asked in site.origin.requests] == ["w=1&other=0"]
    assert [answer.headers["x-cache"] for answer in answers] == ["Miss from edge", "Hit from edge"]


def test_where_caching_is_disabled_every_request_reaches_the_origin() -> None:
    site = Site(None, stores=False)
    site.origin.headers = {"cache-control": "max-age=60"}
    for _ in range(2):
        site.request("/a?version=1")
    assert [asked.query for asked in site.origin.requests] == ["version=1", "version=1"]
