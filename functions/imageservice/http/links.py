"""Links to this service in its own answers: full, at the CDN, and encoded once, so that they work wherever they go."""

from urllib.parse import quote

from imageservice.core.links import resource_link
from imageservice.http.events import Event, header

# The CDN's origin, which the template sets as a variable of the API's stage. The functions can't have it in their
# environment: the distribution refers to the API, and the API to the functions.
_CDN = "cdn"
_DISTRIBUTION = "distribution"
_PROCESS_IMAGE = "process"


def link_to(event: Event, path: str, image_id: str, **query: str) -> str:
    """The link to what is at `/{path}/{image_id}`; without a CDN, at the API itself, which decodes paths twice."""
    cdn = cdn_origin(event)
    link = resource_link(cdn or f"https://{header(event, 'host')}", path, image_id, encode_twice=not cdn)
    return link + (
        "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items()) if query else ""
    )


def cdn_origin(event: Event) -> str:
    """The CDN's origin, as `https://name`; empty if the stack has none."""
    origin: str = (event.get("stageVariables") or {}).get(_CDN, "")
    return origin


def distribution_of(event: Event) -> str:
    """The id of the CDN's distribution; empty if the stack has none."""
    distribution: str = (event.get("stageVariables") or {}).get(_DISTRIBUTION, "")
    return distribution


def process_image_of(event: Event) -> str:
    """The ARN of the workflow that processes an image; empty in a stack that is still being made."""
    arn: str = (event.get("stageVariables") or {}).get(_PROCESS_IMAGE, "")
    return arn
