"""What keeps other web pages, and other people of the same machine, from using the console with its owner's rights.

- Only requests under a loopback name are answered: a page of another site can point its own name at 127.0.0.1, but
  then its name is in `Host`.
- What changes something needs a cookie that browsers send from the console's own pages alone (SameSite=Strict), a
  token from one of its pages, and an `Origin` or `Sec-Fetch-Site` that is not another's.
- With a key, everything needs the cookie, and the cookie is given for the key alone: whoever else is logged in on the
  machine reaches the port, too.
- Pages run no script, style or plug-in but the console's own files, and no other page may frame them.
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
    # Not no-referrer: with that, browsers would send forms with the origin "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Session:
    """The secrets of one run of the console. `key` opens it, None where everybody on the machine may."""

    def __init__(self, *, keyed: bool) -> None:
        self._secret = secrets.token_bytes(32)
        self.key = secrets.token_urlsafe(24) if keyed else None
        self.cookie = self._derived("cookie")
        self.token = self._derived("token")

    def opened_by(self, key: str) -> bool:
        return self.key is not None and hmac.compare_digest(key.encode(), self.key.encode())

    def knows(self, token: str) -> bool:
        """Whether the token is from one of this run's pages."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def _derived(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), sha256).hexdigest()


class Guard:
    """The ASGI middleware that does all but compare the token, which is in the form (see `Session.knows`)."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app, self.session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # Browsers keep cookies by host and not by port: two consoles must not take each other's.
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
            return PlainTextResponse("The console answers under 127.0.0.1 and localhost alone.", 421)
        if scope["method"] not in SAFE_METHODS:
            if _is_of_another(headers) or not known:
                return PlainTextResponse(
                    "This did not come from a page of the console, or the console was started anew since: "
                    "open the page again.",
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
        return PlainTextResponse("Open the console by the address that it printed when it started.", 401)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK_NAMES
    except ValueError:
        return False


def _is_of_another(headers: Headers) -> bool:
    """Whether the browser says that a request comes from elsewhere than the console's own pages."""
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
