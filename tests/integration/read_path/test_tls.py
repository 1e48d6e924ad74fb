"""`rediss://`: a real Redis behind TLS, as ElastiCache Serverless requires it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from read_world import PATIENT, manifest

from imageservice.adapters.manifest_cache import CacheEntry, connect
from imageservice.adapters.redis_client import READER
from imageservice.core.errors import CacheUnavailable
from local import ports, tls_front
from local.redis_server import RedisServer


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "redis.pem"
    tls_front.write_certificate(path)
    return path


@pytest.fixture
def tls_port(redis_server: RedisServer, certificate: Path) -> Iterator[int]:
    """Where Redis answers in TLS: the server's own program may be built without it."""
    port = urlsplit(redis_server.url).port
    assert port
    listener = ports.listening(0, "")
    with tls_front.running(certificate, {port: listener}):
        yield listener.getsockname()[1]


def test_the_whole_protocol_goes_through_tls(tls_port: int, certificate: Path) -> None:
    cache = connect(f"rediss://127.0.0.1:{tls_port}/0?ssl_ca_certs={certificate}", PATIENT)
    image_id = f"tls/{uuid.uuid4()}.jpg"
    lease = cache.lease(image_id)
    assert lease is not None
    assert cache.fill(lease, manifest(image_id, 1))
    assert cache.refresh(manifest(image_id, 2)) == "STORED"
    assert cache.read(image_id) == CacheEntry(manifest(image_id, 2))


def test_a_server_with_an_untrusted_certificate_is_refused(tls_port: int) -> None:
    with pytest.raises(CacheUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        connect(f"rediss://127.0.0.1:{tls_port}/0", PATIENT).read("a.jpg")


def test_a_server_that_speaks_no_tls_is_not_believed(redis_server: RedisServer) -> None:
    with pytest.raises(CacheUnavailable):
        connect(redis_server.url.replace("redis://", "rediss://"), READER).read("a.jpg")
