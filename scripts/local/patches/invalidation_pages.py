"""ListInvalidations answers in pages, the newest first, as CloudFront does.

MiniStack lists all invalidations in each answer, the oldest first. The edge asks before each of its answers: after 500
purges, a tenth of a profile's samples were in those lists.

Upstream: MiniStack, `services/cloudfront.py`: `_list_invalidations` with `Marker` and `MaxItems`, the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.services import cloudfront

from local.patches.patch import wrap

_MOST = 100  # on a page, as in CloudFront


def apply() -> None:
    """Replace the answer to `GET …/invalidation`."""
    wrap(cloudfront, "handle_request", _handle_request)


async def _handle_request(
    original: Callable[..., Any], method: str, path: str, headers: Any, body: Any, query: Mapping[str, Any]
) -> Any:
    asked = cloudfront._INV_RE.match(path)
    if method == "GET" and asked and asked.group(1) in cloudfront._distributions:
        return _listed(cloudfront._invalidations.get(asked.group(1), []), query)
    return await original(method, path, headers, body, query)


def _listed(oldest_first: list[dict[str, Any]], query: Mapping[str, Any]) -> Any:
    """The page after `Marker`, which is the id of the last one on the page before."""
    marker, most = _one(query, "Marker"), min(int(_one(query, "MaxItems") or _MOST), _MOST)
    end = len(oldest_first)
    if marker:
        end = next((at for at, each in enumerate(oldest_first) if each["Id"] == marker), 0)
    begin = max(0, end - most)
    page = oldest_first[begin:end][::-1]

    def build(root: Element) -> None:
        fields = {
            "Marker": marker,
            "MaxItems": most,
            "IsTruncated": str(begin > 0).lower(),
            "Quantity": len(page),
        }
        if begin > 0:
            fields["NextMarker"] = page[-1]["Id"]
        for name, value in fields.items():
            SubElement(root, name).text = str(value)
        items = SubElement(root, "Items")
        for each in page:
            summary = SubElement(items, "InvalidationSummary")
            for name in ("Id", "CreateTime", "Status"):
                SubElement(summary, name).text = each[name]

    return cloudfront._xml_response("InvalidationList", build)


def _one(query: Mapping[str, Any], name: str) -> str:
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
