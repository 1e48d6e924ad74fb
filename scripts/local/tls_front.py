"""TLS in front of servers that are built without it: connections are decrypted here and handed on, all on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.ports import LOOPBACK

_READ_BYTES = 65536
_VALID = datetime.timedelta(days=30)


def write_certificate(path: Path) -> None:
    """Write a new key and a certificate of 127.0.0.1, signed by that key, into one file. Clients trust the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))


@contextlib.contextmanager
def running(certificate: Path, listeners: Mapping[int, socket.socket]) -> Iterator[None]:
    """Serve TLS on each listener, for the server on the loopback port that is its key, while the block runs.

    A connection ends with either of its sides. If the server can't be reached, the client's connection is closed.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="tls")
    thread.start()

    async def serve() -> None:
        for port, listener in listeners.items():
            await asyncio.start_server(_Hand(port).on, sock=listener, ssl=context)

    try:
        asyncio.run_coroutine_threadsafe(serve(), loop).result()
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Hand:
    """Hands connections on to the server on `port`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, self._port)
            pipes = [
                asyncio.create_task(_pipe(reader, inner_writer)),
                asyncio.create_task(_pipe(inner_reader, writer)),
            ]
            try:
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pipe in pipes:
                    pipe.cancel()
                inner_writer.close()
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_READ_BYTES):
            writer.write(data)
            await writer.drain()


async def _end_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
