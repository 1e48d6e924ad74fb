"""Concurrent clients of the HTTP API, each with a connection of its own that stays open."""

import http.client
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from dev.benchmarks.read_timing import summary

CLIENTS = (1, 8, 32)


def measured(url: str, requests: int) -> dict[str, Any]:
    """By number of clients: p50 and p99 of an answer in milliseconds, answers per second, and how many were wrong."""
    _run(url, 4, 40)  # the workers start
    return {str(clients): _run(url, clients, requests) for clients in CLIENTS}


def _run(url: str, clients: int, requests: int) -> dict[str, float]:
    parts = urlsplit(url)
    taken: list[int] = []
    wrong: list[int] = []

    def client() -> None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        for _ in range(requests // clients):
            begin = time.perf_counter_ns()
            connection.request(
                "GET", f"{parts.path}?{parts.query}", headers={"Accept": "image/avif,image/webp,*/*"}
            )
            answer = connection.getresponse()
            answer.read()
            taken.append(time.perf_counter_ns() - begin)
            if answer.status != 302:
                wrong.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    times = summary(taken)
    return {
        "p50_ms": times["p50"] / 1000,
        "p99_ms": times["p99"] / 1000,
        "per_second": len(taken) / seconds,
        "wrong": len(wrong),
    }
