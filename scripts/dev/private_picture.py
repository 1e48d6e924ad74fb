"""Draws docs/images/private.webp, what readers get while an image becomes private.

Every answer on it is one of a local stack of its own, which changes its plan meanwhile. Debian's Chromium lays them
out, in the tests' environment:
`PYTHONPATH=scripts:scripts/operator:functions .venv/test/bin/python -m dev.private_picture [FILE]`
"""

from __future__ import annotations

import base64
import html
import json
import sys
import tempfile
import time
from pathlib import Path

import httpx

from dev import drawn_page, samples
from dev.checks import ROOT
from imageservice_operator.operations import images, links, plan_apply, uploads
from imageservice_operator.operations.plan_deployment import deploy_plan
from imageservice_operator.operations.stack import Stack
from local import background

ID, WIDTHS = "invoices/4711.jpg", "160"
PUBLIC = {"formats": ["webp", "fallback"], "sizes": [{"name": "thumb", "width": 160}]}
PRIVATE = {"default": PUBLIC, "rules": [{"prefix": "invoices/", "access": "private"}]}
LIFETIME_S = 4
STYLE = """
body { font: 14px/1.35 system-ui, sans-serif; margin: 0; padding: 20px; width: 1000px; color: #222; background: #fff; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } code { font-size: 12.5px; }
th { text-align: left; font-weight: 600; vertical-align: bottom; padding: 0 12px 8px 0; }
td { border-top: 1px solid #ddd; padding: 10px 12px 10px 0; vertical-align: top; height: 92px; }
td:first-child { font-weight: 600; } img { display: block; height: 80px; } small { color: #666; display: block; }
b { color: #a40000; }
"""
COLUMNS = ("", "its redirect, <code>/images/…</code>", "an old link to its file", "a signed link")


def main(file: Path) -> None:
    """Writes the picture into `file`, as WebP."""
    given = (f"--parameter=RenditionPlan={json.dumps(PUBLIC)}", f"--parameter=RenditionWidths={WIDTHS}")
    with tempfile.TemporaryDirectory() as state, background.started(Path(state), *given) as stack:
        with (samples.STORED / "landscape-orientation6.jpg").open("rb") as photo:
            list(uploads.wait_until_settled(stack, [uploads.upload(stack, photo, ID)]))
        old = httpx.get(stack.image_url(ID)).headers["location"]
        rows = {"public": _row(stack, old)}
        deploy_plan(stack, json.dumps(PRIVATE), WIDTHS)
        rows["the plan makes it private"] = _row(stack, old)
        plan_apply.make(stack, [ID])
        assert images.get(stack, ID).private
        rows["it is made again"] = _row(stack, old)
        link = links.sign(stack, ID, LIFETIME_S, {}).url
        while httpx.get(link).status_code != httpx.codes.FORBIDDEN:
            time.sleep(1)
        rows["the link has expired"] = _row(stack, old, link)
    _draw(rows, file)


def _row(stack: Stack, old: str, link: str = "") -> list[str]:
    """What a reader gets by each kind of link."""
    signed = link or links.sign(stack, ID, 600, {}).url
    return [_answer(each) for each in (stack.image_url(ID), old, signed)]


def _answer(link: str) -> str:
    answer = httpx.get(link, follow_redirects=True)
    if answer.status_code == httpx.codes.OK:
        data = base64.b64encode(answer.content).decode()
        return f'<img src="data:{answer.headers["content-type"]};base64,{data}">'
    return f"<b>{answer.status_code}</b> <small>{html.escape(answer.json()['detail'])}</small>"


def _draw(rows: dict[str, list[str]], file: Path) -> None:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = "".join(
        f"<tr><td>{name}</td>{''.join(f'<td>{answer}</td>' for answer in answers)}</tr>"
        for name, answers in rows.items()
    )
    drawn_page.save(file, STYLE, f"<table><tr>{head}</tr>{body}</table>", width=1040)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images/private.webp")
