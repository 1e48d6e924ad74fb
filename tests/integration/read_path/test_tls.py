"""`rediss://`: a real Redis behind TLS, as ElastiCache Serverless requires it."""

import contextlib
import datetime
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from read_world import PATIENT, manifest

from imageservice.adapters.manifest_cache import CacheEntry, connect
from imageservice.core.errors import CacheUnavailable
from local.redis_server import RedisServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "redis.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_port(redis_server: RedisServer, certificate: Path) -> Iterator[int]:
    """Where Redis answers in TLS. The server's own binary may be built without TLS, so a proxy here ends it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    behind = urlsplit(redis_server.url).port

    def pipe(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with contextlib.suppress(ssl.SSLError):
                    client = context.wrap_socket(plain, server_side=True)
                    redis = socket.create_connection(("127.0.0.1", behind))
                    for ends in ((client, redis), (redis, client)):
                        threading.Thread(target=pipe, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
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
        connect(redis_server.url.replace("redis://", "rediss://"), PATIENT).read("a.jpg")
