"""GET /images/{id}: where a reader is redirected, and which caches may store the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from read_world import EDGE, NO_EDGE, UNNAMED_EDGE, manifest

from imageservice.core.errors import DirectReadRefused, ImageIdInvalid, RequestInvalid
from imageservice.core.keys import answer_tags
from imageservice.http.edge import EdgeSettings

Read = Callable[..., dict[str, Any]]
DIGEST = f"{1:016x}"
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def test_a_reader_is_sent_to_the_rendition_that_fits(read: Read) -> None:
    answer = read(query={"w": "300", "dpr": "2"}, accept=CHROME)
    assert answer["statusCode"] == 302
    assert answer["headers"]["location"] == f"https://cdn.example/renditions/a.jpg/{DIGEST}/w640.avif"


def test_a_client_that_says_nothing_gets_the_fallback(read: Read) -> None:
    assert read(query={"size": "thumb"})["headers"]["location"].endswith("/thumb.jpeg")


def test_the_rendition_s_key_is_encoded_for_a_url(read: Read) -> None:
    odd = "a b+c%20é/ü?#.jpg"
    location = read(f"/images/{odd}", {"size": "thumb"}, known=manifest(odd))["headers"]["location"]
    assert (
        location
        == f"https://cdn.example/renditions/a%20b%2Bc%2520%C3%A9/%C3%BC%3F%23.jpg/{DIGEST}/thumb.jpeg"
    )


def test_browser_and_edge_keep_it_for_times_of_their_own(read: Read) -> None:
    control = read()["headers"]["cache-control"]
    assert control == "public, max-age=60, stale-while-revalidate=30, s-maxage=86400, stale-if-error=86400"


def test_the_answer_carries_its_tags_under_the_designs_name_and_under_the_one_cloudfront_reads(
    read: Read,
) -> None:
    headers = read()["headers"]
    assert headers["cache-tag"] == headers["x-amz-meta-cache-tag"] == answer_tags("a.jpg")


def test_caches_learn_that_accept_matters(read: Read) -> None:
    assert read()["headers"]["vary"] == "Accept"


def test_who_may_read_it_is_left_to_the_api_and_the_edge(read: Read) -> None:
    """API Gateway sends the header if a request has an Origin, the edge always; from the reader it would come twice."""
    assert "access-control-allow-origin" not in read()["headers"]


def test_the_entity_tag_changes_with_the_revision_and_with_the_rendition(read: Read) -> None:
    tags = {
        read(query={"size": size}, known=manifest("a.jpg", revision))["headers"]["etag"]
        for size in ("thumb", "w320")
        for revision in (1, 2)
    }
    assert len(tags) == 4
    assert all(tag[0] == tag[-1] == '"' for tag in tags)


def test_a_redirect_is_no_representation_so_if_none_match_does_not_count(read: Read) -> None:
    """RFC 9110, section 13.2.1: preconditions are ignored if the answer without them is not a 2xx."""
    assert read(if_none_match=read()["headers"]["etag"])["statusCode"] == 302


def test_an_answer_that_took_long_is_not_kept_at_the_edge(read: Read) -> None:
    """A purge may have overtaken it."""
    assert read(fresh=False)["headers"]["cache-control"] == "private, max-age=60, stale-while-revalidate=30"


def test_without_the_edge_a_reader_is_sent_to_a_presigned_link_for_a_minute(read: Read) -> None:
    headers = read(edge=NO_EDGE, query={"size": "thumb"})["headers"]
    assert headers["location"] == f"https://s3.example/a.jpg/{DIGEST}/thumb.jpeg?signed"
    assert headers["cache-control"] == "private, max-age=60, stale-while-revalidate=30"


def test_without_a_configured_name_links_use_the_name_that_the_edge_was_reached_at(read: Read) -> None:
    location = read(edge=UNNAMED_EDGE, x_viewer_host="images.example")["headers"]["location"]
    assert location.startswith("https://images.example/renditions/")


@pytest.mark.parametrize(
    "forged", ["evil.example/x", "a b", "evil.example\r\nset-cookie: x", "<script>", "a:b", "x" * 300]
)
def test_a_viewer_host_that_is_none_is_not_believed(read: Read, forged: str) -> None:
    assert read(edge=UNNAMED_EDGE, x_viewer_host=forged)["headers"]["location"].startswith(
        "https://s3.example/"
    )


def test_a_configured_name_is_believed_before_any_header(read: Read) -> None:
    location = read(x_viewer_host="evil.example")["headers"]["location"]
    assert location.startswith("https://cdn.example/")


@pytest.mark.parametrize("secret", ["", "firs", "first,second", "FIRST", "sécond", "\ud800"])
@pytest.mark.parametrize("path", ["/images/a.jpg", "/metadata/a.jpg"])
def test_a_client_that_is_not_the_edge_can_not_name_the_host_of_links(
    read: Read, path: str, secret: str
) -> None:
    answer = read(path, edge=UNNAMED_EDGE, x_edge_secret=secret, x_viewer_host="evil.example")
    assert "evil" not in json.dumps(answer)


@pytest.mark.parametrize("edge", [EDGE, UNNAMED_EDGE, NO_EDGE])
@pytest.mark.parametrize("path", ["/images/a.jpg", "/metadata/a.jpg"])
def test_no_shared_cache_stores_an_answer_to_a_client_that_is_not_the_edge(
    read: Read, path: str, edge: EdgeSettings
) -> None:
    answer = read(path, edge=edge, x_edge_secret="guessed", x_viewer_host="evil.example")
    assert answer["headers"]["cache-control"].startswith("private,")


def test_an_edge_with_either_secret_is_believed_while_one_replaces_the_other(read: Read) -> None:
    for secret in ("first", "second"):
        assert read(x_edge_secret=secret)["headers"]["cache-control"].startswith("public,")


def test_a_deployment_without_an_edge_believes_no_secret_not_even_an_empty_one(read: Read) -> None:
    location = read(edge=NO_EDGE, x_edge_secret="", x_viewer_host="evil.example")["headers"]["location"]
    assert location.startswith("https://s3.example/")


def test_a_direct_read_is_refused_where_the_edge_is_required(read: Read) -> None:
    required = EDGE._replace(required=True)
    with pytest.raises(DirectReadRefused):
        read(edge=required, x_edge_secret="guessed")
    assert read(edge=required)["statusCode"] == 302


def test_a_format_that_the_image_lacks_is_not_acceptable(read: Read) -> None:
    answer = read(query={"format": "gif"})
    assert answer["statusCode"] == 406
    assert "avif, webp, jpeg" in json.loads(answer["body"])["detail"]


def test_a_format_may_be_asked_for_by_its_other_name(read: Read) -> None:
    assert read(query={"format": "jpg"})["headers"]["location"].endswith(".jpeg")


@pytest.mark.parametrize(
    "path", ["/images/../x", "/images/a/./b", "/metadata/${filename}", "/images/" + "k" * 970]
)
def test_what_cannot_be_an_id_is_refused_before_it_is_looked_up(read: Read, path: str) -> None:
    with pytest.raises(ImageIdInvalid):
        read(path)


def test_a_size_that_the_plan_lacks_is_a_bad_request(read: Read) -> None:
    assert read(query={"size": "huge"})["statusCode"] == 400


@pytest.mark.parametrize(
    "query",
    [
        {"w": ""},
        {"w": "0"},
        {"w": "-1"},
        {"w": "1e3"},
        {"w": "20001"},
        {"w": "9" * 5000},
        {"w": "३00"},
        {"w": "300,400"},
        {"w": "300", "dpr": "0"},
        {"w": "300", "dpr": "11"},
        {"w": "300", "dpr": "nan"},
        {"dpr": "2"},
        {"size": "thumb", "w": "300"},
        {"format": "tiff"},
        {"format": ""},
    ],
)
def test_a_parameter_that_can_not_be_is_refused(read: Read, query: dict[str, str]) -> None:
    with pytest.raises(RequestInvalid):
        read(query=query)


@pytest.mark.parametrize(
    "query", [{"w": "300.5"}, {"w": "300", "dpr": "1.5"}, {"utm_source": "mail"}, {"size": "w1920"}]
)
def test_other_parameters_are_taken(read: Read, query: dict[str, str]) -> None:
    assert read(query=query)["statusCode"] == 302


@pytest.mark.parametrize("image_id", ["", "x" * 1025, "é" * 513, "\ud800.jpg"])
def test_an_id_that_no_image_can_have_is_refused(read: Read, image_id: str) -> None:
    with pytest.raises(RequestInvalid):
        read(f"/images/{image_id}")


@pytest.mark.parametrize("value", ["", "1", "x.exe", "a\r\nb"])
def test_a_download_leads_to_the_same_file_under_the_name_that_people_know(read: Read, value: str) -> None:
    shown, saved = read(query={"size": "w320"}), read(query={"size": "w320", "download": value})
    path = shown["headers"]["location"].replace("/renditions/", "/downloads/")
    assert saved["headers"]["location"] == f"{path}?name=a.jpeg"
    named = read(query={"download": value}, known={**manifest("a.jpg"), "text": {"filename": "Zoë 1.png"}})
    assert named["headers"]["location"].endswith("?name=Zo%C3%AB%201.jpeg")


def test_without_the_edge_s3_is_asked_for_the_name(read: Read) -> None:
    location = read(query={"size": "w320", "download": ""}, edge=NO_EDGE)["headers"]["location"]
    assert location.endswith("?signedattachment; filename=\"a.jpeg\"; filename*=UTF-8''a.jpeg")


def test_the_metadata_knows_no_downloads(read: Read) -> None:
    assert "/downloads/" not in read("/metadata/a.jpg", {"download": "1"})["body"]
