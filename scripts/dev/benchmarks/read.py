"""How fast readers are answered: a hit against a GET over a bare socket and by redis-py, hit against miss, concurrent
clients, node against cluster.

All numbers of one run come from the same machine within the same minute, and compared calls are interleaved. Trust the
ratios, not the milliseconds.
"""

import argparse
import contextlib
import itertools
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from dev.benchmarks import read_clients, read_imports, read_report
from dev.benchmarks.read_socket import BareGet
from dev.benchmarks.read_timing import Times, interleaved
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache
from imageservice.adapters.redis_client import Timeouts, client_of
from imageservice.adapters.settings import Settings
from imageservice.core.manifest import Manifest, manifest_of
from imageservice_operator.operations.stack import Stack
from local import background
from local.redis_cluster import Cluster

_DOCS = Path(__file__).parents[3] / "docs"
_IMAGE = "photos/tomatoes.jpg"
_MANY = 1_000
_TIMEOUTS = Timeouts(answer=2, connect=2, cooldown=1)  # a busy machine must not count as an outage
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
_SIZES = (
    ("thumb", 160, 160),
    ("w320", 320, 240),
    ("w640", 640, 480),
    ("w1280", 1280, 960),
    ("w1920", 1920, 1440),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--calls", type=int, default=4000, help="calls of each kind (default %(default)s)")
    parser.add_argument("--requests", type=int, default=1500, help="HTTP requests for each number of clients")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON instead of a table")
    parser.add_argument("--write", action="store_true", help="put the table into docs/read-path.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, background.started(Path(directory)) as stack:
        stack.client("dynamodb").put_item(TableName=stack.outputs["ImageTableName"], Item=_item())
        results = measured(stack, Path(directory), options.calls, options.requests)
    if options.write:
        read_report.write(results, _DOCS / "read-path.md")
    print(json.dumps(results, indent=1) if options.json else read_report.table(results))
    sys.exit(0 if all(each["met"] for each in read_report.targets(results)) else 1)


def measured(stack: Stack, directory: Path, calls: int, requests: int) -> dict[str, Any]:
    """All measurements. Times are in microseconds, those of imports and HTTP in milliseconds."""
    assert stack.redis_url, "a stack started for a benchmark has a Redis"
    cluster = Cluster(directory)
    try:
        return {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "entry_bytes": len(orjson.dumps(_manifest())),
            "single": _in_process(stack, stack.redis_url, calls),
            "cluster": _in_process(stack, cluster.url, calls),
            "http": read_clients.measured(stack.url(f"/images/{_IMAGE}?w=300&dpr=2"), requests),
            "imports": read_imports.measured(),
        }
    finally:
        cluster.close()


def _in_process(stack: Stack, redis_url: str, calls: int) -> dict[str, Any]:
    connection = client_of(redis_url, _TIMEOUTS)()
    manifests = ManifestCache(lambda: connection, _TIMEOUTS)
    with _reader(stack, manifests) as handler, contextlib.closing(BareGet(connection)) as bare:
        event, context = _event(), _Context()
        handler(event, context)  # fills
        handler(event, context)
        key = b"manifest:" + _IMAGE.encode()
        raw, get, hit = interleaved(
            calls, lambda: bare(key), lambda: connection.get(key), lambda: handler(event, context)
        )
        again, miss = interleaved(
            calls // 8,
            lambda: handler(event, context),
            lambda: handler(event, context),
            before_last=lambda: connection.delete(key),
        )
        others = _another_image_each_time(handler, connection, bare, manifests, calls)
    return {
        "bare": raw,
        "get": get,
        "hit": hit,
        "miss": miss,
        "hit_beside_miss": again,
        "other_bare": others[0],
        "other_get": others[1],
        "other_hit": others[2],
    }


def _another_image_each_time(
    handler: Handler, connection: Any, bare: BareGet, manifests: ManifestCache, calls: int
) -> list[Times]:
    """The same for more images than the reader holds decoded: a bare GET, redis-py's, a hit."""
    ids = [f"photos/{number}.jpg" for number in range(_MANY)]
    for image_id in ids:
        lease = manifests.lease(image_id)
        assert lease is not None, f"Redis has {image_id} already"
        manifests.fill(lease, {**_manifest(), "id": image_id})
    keys = [b"manifest:" + image_id.encode() for image_id in ids]
    bare_keys, get_keys = itertools.cycle(keys), itertools.cycle(keys)
    events = itertools.cycle(_event(image_id) for image_id in ids)
    context = _Context()
    return interleaved(
        calls,
        lambda: bare(next(bare_keys)),
        lambda: connection.get(next(get_keys)),
        lambda: handler(next(events), context),
    )


@contextlib.contextmanager
def _reader(stack: Stack, manifests: ManifestCache) -> Iterator[Handler]:
    """The reader's own handler in this process, logging into a file as it logs into a pipe in Lambda."""
    assert stack.file, "the stack is local"
    os.environ.update(
        AWS_ENDPOINT_URL=stack.file.endpoint_url,
        AWS_ACCESS_KEY_ID=stack.file.access_key_id,
        AWS_SECRET_ACCESS_KEY=stack.file.secret_access_key,
        AWS_DEFAULT_REGION=stack.region,
        POWERTOOLS_SERVICE_NAME="bench",
        POWERTOOLS_METRICS_NAMESPACE="ImageService",
    )
    from reader import bootstrap
    from reader.handler import handler

    config = Settings(
        image_table=stack.outputs["ImageTableName"],
        processed_bucket=stack.outputs["ProcessedBucketName"],
        cdn_url="https://images.example.com",
        edge_secrets="secret",
    )
    made = bootstrap.bootstrap(config, manifests=manifests)
    bootstrap.dependencies = lambda: made
    with tempfile.TemporaryFile("w") as log, contextlib.redirect_stdout(log):
        yield handler


class _Context:
    aws_request_id = "8a3c1f0e-5b1d-4c1e-9f6a-1d2e3f4a5b6c"


def _event(image_id: str = _IMAGE) -> dict[str, Any]:
    """The event that API Gateway sends for a browser, without the parts that the reader ignores."""
    path = f"/images/{image_id}"
    return {
        "version": "2.0",
        "routeKey": "GET /images/{id+}",
        "rawPath": path,
        "rawQueryString": "w=300&dpr=2",
        "queryStringParameters": {"w": "300", "dpr": "2"},
        "headers": {
            "x-edge-secret": "secret",
            "accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
            "host": "images.example.com",
            "user-agent": "Mozilla/5.0",
        },
        "requestContext": {"http": {"method": "GET", "path": path}},
    }


def _item() -> dict[str, Any]:
    """An image of the packaged plan, as the workflow records it."""
    digest = "0123456789abcdef"
    renditions = [
        {
            "size": size,
            "width": width,
            "height": height,
            "format": name,
            "key": f"{_IMAGE}/{digest}/{size}.{name}",
            "bytes": width * 80,
        }
        for size, width, height in _SIZES
        for name in ("avif", "webp", "jpeg")
    ]
    source = {"width": 4032, "height": 3024, "format": "jpeg", "frames": 1, "bytes": 4_194_304}
    item = {
        "id": _IMAGE,
        "status": "READY",
        "revision": 3,
        "digest": digest,
        "source": source,
        "renditions": renditions,
        "aliases": {},
        "placeholder": "data:image/webp;base64," + "A" * 300,
        "color": "#a0503c",
        "updated_at": "2026-11-22T12:00:00.000Z",
    }
    return to_dynamodb(item)


def _manifest() -> Manifest:
    return manifest_of(from_dynamodb(_item()))
