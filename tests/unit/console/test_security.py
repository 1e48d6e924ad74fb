"""Who may ask the console for what."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from imageservice_operator.console.security import Guard, Session

HERE = "http://127.0.0.1:4580"


async def answer(request: Request) -> Response:
    return PlainTextResponse("done")


async def breaks(request: Request) -> Response:
    raise RuntimeError("broken")


def client(*, keyed: bool = False, address: str = HERE) -> TestClient:
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"]), Route("/broken", breaks)])
    guard = Guard(app, Session(keyed=keyed))
    made = TestClient(guard, base_url=address, follow_redirects=False, raise_server_exceptions=False)
    made.session = guard.session  # type: ignore[attr-defined]
    return made


@pytest.fixture
def opened() -> TestClient:
    """A browser that has a page of the console."""
    made = client()
    assert made.get("/").status_code == 200
    return made


@pytest.mark.parametrize("host", ["localhost:4580", "127.0.0.1", "[::1]:4580"])
def test_loopback_names_are_answered(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:4580", "10.0.0.1", "", "[oops"]
)
def test_a_name_rebound_to_loopback_is_not(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 421


def test_the_consoles_own_page_may_post(opened: TestClient) -> None:
    sent = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert opened.post("/", headers=sent).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "https://127.0.0.1:4580"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": HERE},
        {"sec-fetch-site": "none"},
    ],
)
def test_another_page_may_not_even_with_the_cookie(opened: TestClient, sent: dict[str, str]) -> None:
    assert opened.post("/", headers=sent).status_code == 403


def test_a_post_without_the_cookie_is_refused() -> None:
    assert client().post("/", headers={"origin": HERE}).status_code == 403


def test_the_cookie_stays_with_the_console() -> None:
    cookie = client().get("/").headers["set-cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert cookie.startswith("console-4580=")


def test_with_a_key_nothing_is_shown_without_it() -> None:
    locked = client(keyed=True)
    answer = locked.get("/")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_key_opens_once_and_leaves_the_address() -> None:
    locked = client(keyed=True)
    entered = locked.get(f"/?key={locked.session.key}")  # type: ignore[attr-defined]
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert locked.get("/").status_code == 200


def test_a_wrong_key_opens_nothing() -> None:
    assert client(keyed=True).get("/?key=guess").status_code == 401
    assert client(keyed=True).get("/?key=%C3%A9").status_code == 401


@pytest.mark.parametrize("path", ["/", "/broken", "/nowhere"])
def test_every_answer_forbids_scripts_frames_and_guessing(path: str) -> None:
    headers = client().get(path).headers
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"


def test_tokens_of_another_run_are_not_known() -> None:
    session = Session(keyed=False)
    assert session.knows(session.token)
    assert not session.knows(Session(keyed=False).token)
    assert not session.knows("")
    assert not session.knows("é")
