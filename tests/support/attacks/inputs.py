"""What clients, S3, Step Functions and API Gateway may send, and what they never should."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# Where parsers trip: separators, numbers that are none, other scripts' digits, surrogates, controls, markup.
_PIECES = st.sampled_from(
    [
        *("/", "//", "..", ".", "%2e", "%", "%00", "+", "?", "#", "\\", ";", ",", "=", "&", " "),
        *("q=", "q=0", "q=1.0000", "q=-1", "q=nan", "q=1e9", "image/avif", "image/webp", "*/*", "image/*"),
        *("0", "1", "320", "-1", "1e3", "inf", "nan", "٣", "²", "0x10", "99999999999999999999", "1.5", "."),
        *(
            "\x00",
            "\x1b[2J",
            "\r\n",
            "\n",
            "\u2028",
            "\u202e",
            "\ud800",
            "\udfff",
            "\ufeff",
            "é",
            "日本",
            "👩‍👧",
        ),
        *("<script>", '"', "'", "${filename}", "{{", "{%", "$(id)", "`id`", "__proto__"),
        *("thumb", "w320", "webp", "fallback", "images", "metadata", "renditions"),
    ]
)
TEXT = st.one_of(
    st.lists(_PIECES, max_size=8).map("".join),
    st.text(st.characters(), max_size=40),
    st.builds(str.__mul__, _PIECES, st.integers(1, 1200)),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# Without `host`: API Gateway answers at its own names alone.
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("accept", "if-none-match", "content-type", "x-viewer-host", "x-edge-secret"),
            *("content-length", "origin", "authorization", "x-forwarded-host"),
        ]
    ),
    TEXT,
)
PARAMETERS = st.none() | st.dictionaries(
    st.sampled_from(
        ["w", "dpr", "size", "format", "fallback", "version", "style", "sizes", "alt", "class", "x"]
    )
    | TEXT,
    TEXT,
)
PATHS = st.builds(
    str.__add__, st.sampled_from(["/images/", "/metadata/", "/uploads/", "/renditions/", "/", ""]), TEXT
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])


def _part_of(document: Any) -> st.SearchStrategy[Any]:
    """The document, in which any value may be missing or be something else."""
    if not isinstance(document, dict):
        return st.one_of(st.just(document), st.just(document), TEXT, JSON)
    parts = {name: _part_of(value) for name, value in document.items()}
    return st.one_of(
        st.fixed_dictionaries(parts), st.fixed_dictionaries({}, optional=parts), st.just(document), JSON
    )


OBJECT = {
    "key": "a.jpg",
    "size": 5,
    "etag": "e",
    "version-id": "v",
    "sequencer": "0055AED6DCD90281E5",
}
S3_EVENTS = _part_of(
    {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-11-26T00:00:00Z",
        "detail": {"reason": "PutObject", "bucket": {"name": "originals"}, "object": OBJECT},
    }
)
STATUS_CHANGES = st.builds(
    lambda change, cause: {"executionArn": "arn:x", "status": "FAILED", **change, "cause": cause},
    st.fixed_dictionaries(
        {},
        optional={
            "input": st.one_of(TEXT, st.just('{"detail": {"bucket": {"name": "b"}, "object": {}}}')),
            "error": TEXT,
            "status": st.sampled_from(["FAILED", "TIMED_OUT", "ABORTED"]),
            "redriveCount": st.integers(0, 9),
            "stopDate": st.integers(0, 2**41),
        },
    ),
    st.none() | TEXT | st.just("[" * 20_000) | st.just('{"errorMessage": ' + "[" * 20_000),
)
REQUESTS = st.builds(
    lambda path, query, headers, method: {
        "rawPath": path,
        "routeKey": f"{method} /images/{{id+}}",
        "queryStringParameters": query,
        "headers": {"host": "api.example", **headers},
        "requestContext": {"http": {"method": method, "path": path}},
    },
    PATHS,
    PARAMETERS,
    HEADERS,
    METHODS,
)
BODIES = st.one_of(
    TEXT,
    JSON.map(str),
    _part_of({"id": "a.jpg", "content_type": "image/jpeg"}),
    st.builds(lambda key, kind: {"id": key, "content_type": kind}, TEXT, st.just("image/png") | TEXT),
)
LINKS = st.one_of(
    TEXT,
    JSON.map(str),
    _part_of({"id": "a.jpg", "expires": 60, "size": "w640", "format": "avif"}),
    st.builds(
        lambda key, wish: {"id": key, **wish},
        TEXT,
        st.dictionaries(st.sampled_from(["expires", "w", "dpr"]), JSON),
    ),
)
PATCHES = st.one_of(
    TEXT,
    JSON.map(str),
    st.builds(
        lambda text: {"text": text},
        st.dictionaries(
            st.sampled_from(["alt", "caption", "credit", "tags", "filename"]) | TEXT, JSON | TEXT
        ),
    ),
)

# What a browser can send as Host: names, ports and addresses, and no user or path.
_NAMES = st.sampled_from(
    [
        *("127.0.0.1", "localhost", "[::1]", "evil.example", "127.1", "0x7f.1", "0.0.0.0"),
        "[::ffff:127.0.0.1]",
        "",
    ]
)
HOSTS = st.builds(
    lambda names, between, port: between.join(names) + port,
    st.lists(_NAMES, min_size=1, max_size=3),
    st.sampled_from([".", "-", ""]),
    st.sampled_from(["", ":4580", ":80", ":", ":99999"]),
)
VISITS = st.fixed_dictionaries(
    {"method": METHODS, "host": HOSTS},
    optional={
        "origin": st.one_of(
            HOSTS.map("http://{}".format), HOSTS.map("https://{}".format), st.just("null"), TEXT
        ),
        "sec-fetch-site": st.sampled_from(
            ["same-origin", "same-site", "cross-site", "none", "SAME-ORIGIN", ""]
        ),
        "cookie": st.sampled_from(["console-4580=KNOWN", "console-80=KNOWN", "console-4580=guess"]) | TEXT,
        "query": st.sampled_from(["key=guess", "key=", "key=%00"]) | TEXT,
    },
)
DEEP = st.builds(
    lambda depth, close: "[" * depth + "]" * depth * close, st.sampled_from([500, 950, 20_000]), st.booleans()
)
SHOWN = st.tuples(DEEP | JSON | TEXT.map(lambda text: '{"a": "' + text + '"}'), TEXT)
