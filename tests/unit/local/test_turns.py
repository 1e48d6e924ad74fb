"""Turns of the local stack: how many run at once, in which order, and on which thread."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from waiting import HANG_S

from local.stepfunctions.turns import Turns


def held(turns: Turns) -> tuple[threading.Thread, threading.Event]:
    """A thread whose turn lasts until the event is set."""
    begun, gate = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        gate.wait()

    thread = threading.Thread(target=turns.run, args=(hold,))
    thread.start()
    assert begun.wait(60)
    return thread, gate


def test_no_more_than_the_limit_run_at_once_and_all_run() -> None:
    turns, lock, ended = Turns(3), threading.Lock(), threading.Semaphore(0)
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.002)
        with lock:
            running -= 1
        ended.release()

    with ThreadPoolExecutor(20) as pool:
        for _ in range(200):
            pool.submit(turns.run, work)
    for _ in range(200):
        assert ended.acquire(timeout=HANG_S)
    assert most == 3


def test_what_waits_goes_on_in_order_and_takes_no_thread() -> None:
    turns, order = Turns(1), list[int]()
    first, gate = held(turns)
    for number in range(5):
        turns.run(lambda number=number: order.append(number))  # type: ignore[misc]
    assert order == []
    gate.set()
    first.join()
    assert order == [0, 1, 2, 3, 4]


def test_each_runs_in_the_context_of_its_caller() -> None:
    account: contextvars.ContextVar[str] = contextvars.ContextVar("account")
    turns, seen = Turns(1), list[str]()
    first, gate = held(turns)
    for name in ("one", "two"):
        account.set(name)
        turns.run(lambda: seen.append(account.get()))
    gate.set()
    first.join()
    assert seen == ["one", "two"]
