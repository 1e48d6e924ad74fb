"""What a reader is answered: the redirect, the manifest, or why there is neither."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imageservice.errors import FormatUnavailable, RequestInvalid
from imageservice.manifest import Manifest, Rendition
from imageservice.negotiation import choose, preferred_formats
from reader import answers
from reader.answers import Answer
from reader.links import image_link, picture, rendition_link, srcset_by_format
from reader.request import ReadRequest, check_id, wish

_RETRY_UNDER_WAY_S = 2
_RETRY_BROKEN_S = 60
_RETRY_STORE_S = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers from manifests. `presign` makes the link to a rendition's key for readers who come without the edge."""

    presign: Callable[[str], str]

    def invalid(self, request: ReadRequest) -> Answer | None:
        """The answer to a request that can be refused before anything is looked up; None if it can't."""
        try:
            check_id(request.image_id)
            if request.kind == "images":
                wish(request.parameters)
        except RequestInvalid as error:
            return answers.problem(400, str(error))
        return None

    def answer(self, request: ReadRequest, manifest: Manifest | None, *, fresh: bool) -> Answer:
        """The answer; `fresh` says that it is quick enough on its way for the edge to keep it."""
        if manifest is None:
            return answers.problem(404, "There is no image of this name.")
        if not manifest.get("renditions"):
            return _nothing_to_serve(manifest)
        keep = fresh and bool(request.edge)
        if request.kind == "metadata":
            content = self._metadata(request, manifest)
            return answers.document(manifest["id"], content, request.if_none_match, keep_at_edge=keep)
        try:
            rendition = choose(manifest, wish(request.parameters), preferred_formats(request.accept))
        except RequestInvalid as error:
            return answers.problem(400, str(error))
        except FormatUnavailable as error:
            return answers.problem(406, str(error))
        return answers.redirect(manifest, rendition, self._link(request, rendition), keep_at_edge=keep)

    def _link(self, request: ReadRequest, rendition: Rendition) -> str:
        return (
            rendition_link(request.edge, rendition["key"]) if request.edge else self.presign(rendition["key"])
        )

    def _metadata(self, request: ReadRequest, manifest: Manifest) -> dict[str, Any]:
        lasting = image_link(request.host, manifest["id"], encode_twice=not request.edge)

        def link(rendition: Rendition) -> str:
            return f"{lasting}?size={rendition['size']}&format={rendition['format']}"

        srcset = srcset_by_format(manifest, link)
        renditions = [{**each, "url": self._link(request, each)} for each in manifest["renditions"]]
        return {
            **manifest,
            "url": lasting,
            "renditions": renditions,
            "srcset": srcset,
            "picture": picture(manifest, srcset, link),
        }


def store_unavailable() -> Answer:
    """Neither the cache nor the table can tell whether there is such an image."""
    return answers.problem(503, "The image's data can't be read just now.", retry_after=_RETRY_STORE_S)


def _nothing_to_serve(manifest: Manifest) -> Answer:
    status = manifest["status"]
    if status == "DELETED":
        return answers.problem(410, "This image was deleted.", status=status)
    if status == "REJECTED":
        cause = manifest["error"]["cause"] if "error" in manifest else "The image can't be taken."
        return answers.problem(422, cause, status=status)
    if status == "FAILED":
        detail = "Processing this image failed; it will be tried again."
        return answers.problem(404, detail, retry_after=_RETRY_BROKEN_S, status=status)
    return answers.problem(
        404, "This image is being processed.", retry_after=_RETRY_UNDER_WAY_S, status=status
    )
