"""Who may do what, route by route: with IAM signatures, and with the JWTs of a local issuer."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from waiting import HANG_S

from dev.checks import ROOT
from imageservice_operator.operations import audit
from imageservice_operator.operations.stack import Stack
from imageservice_web.uploads import BearerToken, UploadRefused, Uploads
from local import background

ANNS, BOBS = "users/ann/cat.jpg", "users/bob/dog.jpg"
PHOTO = (ROOT / "tests/samples/trees-alpha.png").read_bytes()
UPLOAD, DELETE, LINK = "images/upload", "images/delete", "images/link"
SCOPES = {"POST": UPLOAD, "PUT": UPLOAD, "DELETE": DELETE, "LINK": LINK}
EVERY_SCOPE = f"{UPLOAD} {DELETE} {LINK}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("issuer", ROOT / "docs/examples/jwt/issuer.py")
    assert spec is not None
    module: Any = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    sys.modules["issuer"] = module
    spec.loader.exec_module(module)
    with module.Issuer().serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def users(issuer: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose users upload below a prefix of their own."""
    parameters = {
        "JwtIssuer": issuer.url,
        "JwtAudience": "shop",
        "JwtPrefixClaim": "users/{sub}/",
        "JwtUploadScope": UPLOAD,
        "JwtDeleteScope": DELETE,
        "JwtLinkScope": LINK,
    }
    options = [f"--parameter={name}={value}" for name, value in parameters.items()]
    with background.started(tmp_path_factory.mktemp("users"), "--cache=none", *options) as started:
        yield started


def status(stack: Stack, method: str, image_id: str, authorization: str | None) -> int:
    headers = {"authorization": authorization} if authorization else {}
    if method in ("POST", "LINK"):
        path, more = ("/links", {}) if method == "LINK" else ("/uploads", {"content_type": "image/png"})
        form = {"id": image_id, **more}
        return httpx.post(stack.url(path), json=form, headers=headers, timeout=HANG_S).status_code
    headers["content-type"] = "image/png"
    content = PHOTO if method == "PUT" else b""
    url = stack.url(f"/images/{image_id}")
    return httpx.request(method, url, content=content, headers=headers, timeout=HANG_S).status_code


# LINK is POST /links.
WRITES = {"POST": 201, "PUT": 202, "DELETE": 202, "LINK": 201}


@pytest.mark.parametrize("method", WRITES)
def test_a_user_writes_their_own_images_and_no_one_elses(users: Stack, issuer: Any, method: str) -> None:
    ann = f"Bearer {issuer.token('ann', scope=EVERY_SCOPE)}"
    assert status(users, method, ANNS, ann) == WRITES[method]
    assert status(users, method, BOBS, ann) == 403
    assert status(users, method, "shop/front.jpg", ann) == 403


@pytest.mark.parametrize("method", WRITES)
def test_a_scope_permits_its_own_calls_alone(users: Stack, issuer: Any, method: str) -> None:
    for scope in (UPLOAD, DELETE, LINK, "other", ""):
        expected = WRITES[method] if scope == SCOPES[method] else 403
        assert status(users, method, ANNS, f"Bearer {issuer.token('ann', scope=scope)}") == expected


def unsigned(token: str) -> str:
    """The token with `alg` none, and without a signature."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "local"})


def signed_by_another(token: str, issuer: Any) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, type(issuer)()._key, algorithm="RS256", headers={"kid": "local"})


def signed_with_the_public_key(token: str, issuer: Any) -> str:
    """HS256, with what everyone can read as its secret."""
    claims = jwt.decode(token, options={"verify_signature": False})
    secret = httpx.get(f"{issuer.url}/.well-known/jwks.json").json()["keys"][0]["n"]
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "local"})


@pytest.mark.parametrize("method", WRITES)
def test_confused_tokens_are_refused(users: Stack, issuer: Any, method: str) -> None:
    scope = EVERY_SCOPE
    good = issuer.token("ann", scope=scope)
    bad = {
        "none": None,
        "empty": "Bearer",
        "not a token": "Bearer a.b.c",
        "unsigned": f"Bearer {unsigned(good)}",
        "another key": f"Bearer {signed_by_another(good, issuer)}",
        "the public key as a secret": f"Bearer {signed_with_the_public_key(good, issuer)}",
        "another audience": f"Bearer {issuer.token('ann', scope=scope, audience='elsewhere')}",
        "expired": f"Bearer {issuer.token('ann', scope=scope, valid_for_s=-1)}",
        "cut off": f"Bearer {good[:-10]}",
    }
    assert {name: status(users, method, ANNS, value) for name, value in bad.items()} == dict.fromkeys(
        bad, 401
    )


def test_who_removed_an_image_is_the_tokens_subject_on_record(users: Stack, issuer: Any) -> None:
    image_id = "users/ann/removed.png"
    ann = f"Bearer {issuer.token('ann', scope=EVERY_SCOPE)}"
    for method in ("PUT", "PUT", "DELETE"):
        assert status(users, method, image_id, ann) == 202
    who = f"ann of {issuer.url}"
    acts = list(audit.of_image(users, image_id))
    assert [(act.action, act.who, act.via, act.outcome) for act in acts] == [
        ("remove", who, "API", "done"),
        ("replace", who, "API", "done"),
    ]


def test_reading_needs_no_token(users: Stack) -> None:
    for path in ("images", "metadata", "uploads"):
        assert httpx.get(users.url(f"/{path}/unknown.jpg")).status_code == 404


def test_a_backend_with_a_token_uses_the_same_helpers(users: Stack, issuer: Any) -> None:
    uploads = Uploads(users.outputs["ApiUrl"], BearerToken(lambda: issuer.token("ann", scope=UPLOAD)))
    assert uploads.put("users/ann/helped.png", PHOTO, "image/png")["status"] == "PROCESSING"
    with pytest.raises(UploadRefused, match=r"begin with users/ann/") as refused:
        uploads.put(BOBS, PHOTO, "image/png")
    assert refused.value.status == 403


def test_curl_signs_an_upload(stack: Stack, tmp_path: Path) -> None:
    assert stack.file is not None
    (tmp_path / "photo.png").write_bytes(PHOTO)
    command = [
        "curl",
        "--silent",
        "--show-error",
        "--fail-with-body",
        "--write-out",
        "%{http_code}",
        "--output",
        "-",
    ]
    signature = ["--aws-sigv4", f"aws:amz:{stack.region}:execute-api"]
    user = ["--user", f"{stack.file.access_key_id}:{stack.file.secret_access_key}"]
    upload = ["--header", "content-type: image/png", "--upload-file", str(tmp_path / "photo.png")]
    done = subprocess.run(
        [*command, *signature, *user, *upload, stack.url("/images/site/curl.png")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("202"), done.stdout + done.stderr
