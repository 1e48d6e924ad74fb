"""The local edge checks CloudFront's signed URLs as CloudFront does."""

import time
from datetime import UTC, datetime

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from links import OTHER_PUBLIC, PUBLIC, signer

from local.cloudfront.signed_urls import refusal, unsigned

NOW = time.time()
SOON = int(NOW) + 3600
KEY = "a b.jpg/p123456789abcdef/w640.avif"


def pem(body: str) -> str:
    lines = "\n".join(body.split(","))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


KEYS = {"K1": pem(PUBLIC)}
PATH, _, QUERY = (
    signer()
    .rendition_link("https://cdn.example", KEY, SOON)
    .removeprefix("https://cdn.example")
    .partition("?")
)


def status(
    path: str = PATH, query: str = QUERY, origin: str = "https://cdn.example", now: float = NOW
) -> int:
    answer = refusal(origin, path, query, KEYS, now)
    return answer.status if answer else 200


def test_the_readers_link_to_a_rendition_is_valid() -> None:
    assert PATH == "/signed/renditions/a%20b.jpg/p123456789abcdef/w640.avif"
    assert status() == 200


@pytest.mark.parametrize(
    "path",
    [
        PATH.replace("w640", "w1920"),
        PATH.replace("a%20b", "b"),
        PATH.replace("a%20b", "a b"),
        PATH.replace("w640", "%77640"),
        PATH.replace("/p1", "//p1"),
        PATH.replace("/p1", "/./p1"),
        PATH + "/",
    ],
)
def test_no_other_path_has_this_signature(path: str) -> None:
    assert status(path) == 403


@pytest.mark.parametrize(
    "query",
    [
        "",
        QUERY.replace(f"Expires={SOON}", f"Expires={SOON + 1}"),
        QUERY + f"&Expires={SOON}",
        f"Expires={SOON + 9}&" + QUERY,
        QUERY.replace("SHA256", "SHA1"),
        QUERY.replace("SHA256", "MD5"),
        QUERY.replace("&Hash-Algorithm=SHA256", ""),
        QUERY.replace("K1", "K2"),
        QUERY.replace("&Key-Pair-Id=K1", ""),
        QUERY.replace("Signature=", "Signature=A"),
        QUERY.replace("Signature=", "signature="),
        QUERY + "&more=1",
        QUERY + "&Policy=e30_",
    ],
)
def test_no_other_query_is_valid(query: str) -> None:
    assert status(query=query) == 403


def test_the_signature_is_for_one_host_one_key_and_one_time() -> None:
    assert status(origin="https://other.example") == 403
    assert status(now=SOON) == 403
    assert refusal("https://cdn.example", PATH, QUERY, {"K1": pem(OTHER_PUBLIC)}, NOW) is not None
    assert refusal("https://cdn.example", PATH, QUERY, {}, NOW) is not None


def test_a_url_that_botocore_signs_with_rsa_is_valid_too() -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    made = CloudFrontSigner("K9", lambda text: key.sign(text, padding.PKCS1v15(), SHA1()))
    url = made.generate_presigned_url(
        "https://cdn.example/x?a=1", date_less_than=datetime.fromtimestamp(SOON, UTC)
    )
    query = url.partition("?")[2]
    assert refusal("https://cdn.example", "/x", query, {"K9": public}, NOW) is None
    assert refusal("https://cdn.example", "/y", query, {"K9": public}, NOW) is not None
    assert unsigned(query) == "a=1"


def test_botocore_makes_the_same_policy_as_the_reader() -> None:
    texts: list[bytes] = []
    made = CloudFrontSigner("K1", lambda text: texts.append(text) or b"")  # type: ignore[func-returns-value]  # it returns None
    url = f"https://cdn.example{PATH}"
    made.generate_presigned_url(url, date_less_than=datetime.fromtimestamp(SOON, UTC))
    from imageservice.http.signed_links import canned_policy

    assert texts == [canned_policy(url, SOON)]
