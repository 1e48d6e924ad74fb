"""Keeps other web sites, and other users of the machine, from acting with the operator's credentials.

- Only requests to a loopback name are answered. Another site can point its own name at 127.0.0.1 (DNS rebinding), but
  then `Host` has that name.
- A change requires a cookie that browsers send only from the console's own pages (SameSite=Strict), a token from one of
  its pages, and an `Origin` and `Sec-Fetch-Site` of the console's own.
- With a key, every request requires the cookie, and only a request with the key gets one, because other users of the
  machine can reach the port.
- Pages load only the console's own scripts and styles, and can't be framed.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer, which makes browsers send forms with the origin "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Session:
    """The secrets of one console process. `key` is None if everyone on the machine may use it."""

    def __init__(self, *, keyed: bool) -> None:
        self._secret = secrets.token_bytes(32)
        self.key = secrets.token_urlsafe(24) if keyed else None
        self.cookie = self._derived("cookie")
        self.token = self._derived("token")

    def opened_by(self, key: str) -> bool:
        return self.key is not None and hmac.compare_digest(key.encode(), self.key.encode())

    def knows(self, token: str) -> bool:
        """Whether the token is from a page of this process."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def _derived(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), sha256).hexdigest()


class Guard:
    """ASGI middleware for all of this except the token, which is in the form (see `Session.knows`)."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app, self.session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # Browsers share cookies between ports: two consoles must not overwrite each other's.
        port = headers.get("host", "").rpartition(":")[2]
        cookie_name = f"console-{port if port.isascii() and port.isdigit() else 'default'}"
        known = hmac.compare_digest(_cookie(headers, cookie_name).encode(), self.session.cookie.encode())

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    sent.setdefault(name, value)
                sent.setdefault("cache-control", "no-store")
                if not known and scope.get("console.open"):
                    cookie = f"{cookie_name}={self.session.cookie}; Path=/; HttpOnly; SameSite=Strict"
                    sent.append("set-cookie", cookie)
            await send(message)

        refusal = self._refused(scope, headers, known)
        await (refusal or self._app)(scope, receive, guarded)

    def _refused(self, scope: Scope, headers: Headers, known: bool) -> Response | None:
        if not _is_loopback(headers.get("host", "")):
            return PlainTextResponse("The console answers only at 127.0.0.1 and localhost.", 421)
        if scope["method"] not in SAFE_METHODS:
            if _is_cross_site(headers) or not known:
                return PlainTextResponse(
                    "This request did not come from a page of the console, or the console has been restarted since. "
                    "Reload the page.",
                    403,
                )
            return None
        if self.session.key is None or known:
            scope["console.open"] = True
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        if self.session.opened_by(given):
            scope["console.open"] = True
            return RedirectResponse("/", 303)
        return PlainTextResponse("Open the console with the address that it printed when it started.", 401)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK_NAMES
    except ValueError:
        return False


def _is_cross_site(headers: Headers) -> bool:
    """Whether the browser says that the request does not come from a page of the console."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return True
    return origin is not None and origin != f"http://{headers.get('host', '')}"


def _cookie(headers: Headers, name: str) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie else ""
