"""`./scripts/bench serve`: first and repeated views of a picture, beside thumbor and a Node.js server with sharp.

A view is what a browser waits for: here a redirect from the local edge, then the file from it; there the file alone,
which the peers make at each request, because they keep no results. The picture is READY before. Servers take turns.
"""

import argparse
import http.client
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dev import samples
from dev.benchmarks.servers import Server, node_sharp, thumbor, thumbor_path
from dev.checks import ROOT
from imageservice.core.formats import FORMATS
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import upload, wait_until_settled
from local import background

_WIDTH = 1280
_FORMATS = ("avif", "webp", "jpeg")
_BEGIN, _END = "<!-- serve: begin -->", "<!-- serve: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--views", type=int, default=5, help="views of each picture (default: 5)")
    parser.add_argument("--pictures", type=int, default=3, help="how many pictures are uploaded (default: 3)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/images.md")
    options = parser.parse_args()
    photo = samples.present(samples.STORED / "tomatoes-12mp.jpg")
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        folder = Path(directory)
        with background.started(folder / "stack") as stack, thumbor(folder) as one, node_sharp() as other:
            ids = _uploaded(stack, photo, options.pictures)
            results = _measured(stack, photo, ids, options.views, one, other)
    text = table(results)
    if options.write:
        page = ROOT / "docs" / "images.md"
        before, _, rest = page.read_text().partition(_BEGIN)
        page.write_text(f"{before}{_BEGIN}\n\n{text}\n{_END}{rest.partition(_END)[2]}")
    print(text)


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = [
        f"First and repeated view at a width of {_WIDTH}, ms, and in parentheses CPU ms of the peer's process; the",
        f"least of {results['ours']['avif']['pictures']:.0f} pictures, on a machine with other work to do.",
        "",
        "| | " + " | ".join(f"{name}, first | again" for name in _FORMATS) + " |",
        "|---" * (1 + 2 * len(_FORMATS)) + "|",
    ]
    for server, formats in results.items():
        cells = []
        for name in _FORMATS:
            for view in ("first", "again"):
                cpu = formats[name].get(f"{view}_cpu")
                cells.append(f"{formats[name][view]:.1f}" + (f" ({cpu:.0f})" if cpu is not None else ""))
        lines.append(f"| {server} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _uploaded(stack: Stack, photo: Path, count: int) -> list[str]:
    accepted = [upload(stack, photo, f"photos/{number}.jpg") for number in range(count)]
    ids = []
    for each, image in wait_until_settled(stack, accepted, timeout=600):
        if image is None or image.status != "READY":
            sys.exit(f"{each.id} did not become READY")
        ids.append(each.id)
    return ids


def _measured(
    stack: Stack, photo: Path, ids: list[str], views: int, one: Server, other: Server
) -> dict[str, dict[str, dict[str, float]]]:
    """Server → format → first and again in ms, and the peers' CPU time."""
    results: dict[str, dict[str, dict[str, float]]] = {"ours": {}, "thumbor": {}, "Node.js and sharp": {}}
    for name in _FORMATS:
        quality = FORMATS[name].quality
        node_path = f"/?source={photo}&width={_WIDTH}&format={name}&quality={quality}"
        measured: dict[str, list[list[tuple[float, float]]]] = {server: [] for server in results}
        for image_id in ids:
            link = stack.image_url(image_id, f"?w={_WIDTH}")
            measured["ours"].append([_timed(partial(_ours, link, name), None) for _ in range(views)])
            path = thumbor_path(str(photo), f"{_WIDTH}x0", name, quality)
            measured["thumbor"].append([_timed(partial(_get, one, path), one) for _ in range(views)])
            measured["Node.js and sharp"].append(
                [_timed(partial(_get, other, node_path), other) for _ in range(views)]
            )
        for server, pictures in measured.items():
            results[server][name] = _summary(pictures, has_cpu=server != "ours")
    return results


def _summary(pictures: list[list[tuple[float, float]]], *, has_cpu: bool) -> dict[str, float]:
    firsts = [views[0] for views in pictures]
    others = [view for views in pictures for view in views[1:]]
    found = {"first": min(wall for wall, _ in firsts), "again": min(wall for wall, _ in others)}
    found["pictures"] = len(pictures)
    if has_cpu:
        found |= {"first_cpu": min(cpu for _, cpu in firsts), "again_cpu": min(cpu for _, cpu in others)}
    return found


def _timed(view: Callable[[], Any], server: Server | None) -> tuple[float, float]:
    """Elapsed and CPU time in ms."""
    cpu = server.cpu_seconds() if server else 0.0
    begin = time.perf_counter()
    view()
    elapsed = time.perf_counter() - begin
    used = server.cpu_seconds() - cpu if server else 0.0
    return elapsed * 1000, used * 1000


def _ours(link: str, name: str) -> None:
    """The redirect, then what it names, on one connection, as a browser keeps it."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    headers = {"Accept": FORMATS[name].media_type}
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    location = urlsplit(answer.headers["Location"])
    if not location.path.endswith(FORMATS[name].extension):
        sys.exit(f"{link} led to {location.path}, not to {name}")
    connection.request("GET", location.path, headers=headers)
    rendition = connection.getresponse()
    rendition.read()
    connection.close()
    if rendition.status != 200:
        sys.exit(f"{location.path} answered {rendition.status}")


def _get(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit(f"{path} answered {answer.status}")
