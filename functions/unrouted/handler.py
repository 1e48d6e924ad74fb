"""What no other route answers: a rendition that is gone, a method that an address does not have, any other address."""

from typing import Any

from imageservice.core.errors import AddressUnknown, MethodNotAllowed, Problem, RenditionUnknown
from imageservice.http.problems import problem
from imageservice.http.responses import Response

# The methods of the API's routes, by how their paths begin (tests/contract/test_edge.py compares them).
METHODS = {
    "/images/": ("GET", "HEAD", "PUT", "DELETE"),
    "/metadata/": ("GET", "HEAD", "PATCH"),
    "/signed/images/": ("GET", "HEAD"),
    "/signed/metadata/": ("GET", "HEAD"),
    "/signed/uploads/": ("GET",),
    "/uploads/": ("GET",),
    "/uploads": ("POST",),
    "/links": ("POST",),
}


def handler(event: dict[str, Any], context: object) -> Response:
    """The problem; API Gateway calls this function for requests that match no other route."""
    path: str = event["rawPath"]
    methods = next((found for prefix, found in METHODS.items() if _begins(path, prefix)), None)
    # With a method that it has, no route took the path: API Gateway's routes match no line break, for one.
    if methods is None or event["requestContext"]["http"]["method"] in methods:
        return problem(_unknown(path))
    response = problem(MethodNotAllowed(f"This address has only {', '.join(methods)}."))
    response["headers"]["allow"] = ", ".join(methods)
    return response


def _begins(path: str, prefix: str) -> bool:
    """Whether the path is one of the routes that begin so; a prefix that ends in a slash needs an id after it."""
    return len(path) > len(prefix) and path.startswith(prefix) if prefix.endswith("/") else path == prefix


def _unknown(path: str) -> Problem:
    # The edge asks for a rendition here after the bucket has none.
    if path.startswith("/renditions/"):
        return RenditionUnknown(
            "This rendition was replaced or deleted. /images/{id} leads to the current one."
        )
    return AddressUnknown("There is nothing at this address.")
