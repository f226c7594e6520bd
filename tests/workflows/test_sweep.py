"""The sweep: accounts never wait for each other, and in each what closes goes first."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from workflows.clock import SystemClock
from workflows.sweep import AT_ONCE, Debt, Due, Sweep

PATIENCE = 20.0


class Owed:
    """Debts that stay due until they are paid; paying does what each test says."""

    def __init__(self, due: Sequence[Due], pay: Callable[[int], None]) -> None:
        self._due, self._pay = list(due), pay
        self._lock = threading.Lock()
        self.begun: list[int] = []

    def due(self, _now: datetime) -> list[Due]:
        with self._lock:
            return list(self._due)

    def owe(self, due: Due) -> None:
        with self._lock:
            self._due.append(due)

    def pay(self, key: int) -> None:
        with self._lock:
            self.begun.append(key)
        self._pay(key)
        with self._lock:
            self._due = [one for one in self._due if one.key != key]


@contextmanager
def sweeping(owed: Owed) -> Iterator[Sweep]:
    sweep = Sweep([Debt("settle", owed.due, owed.pay)], clock=SystemClock())
    try:
        yield sweep
    finally:
        sweep.stop()


def test_any_number_of_accounts_that_hang_delay_no_other() -> None:
    hang, paid = threading.Event(), threading.Event()

    def pay(key: int) -> None:
        if key == 0:
            paid.set()
        else:
            hang.wait(PATIENCE)

    bad = [Due(key, f"bad-{key % 40}") for key in range(1, 601)]
    with sweeping(Owed([*bad, Due(0, "good")], pay)) as sweep:
        sweep.wake()

        assert paid.wait(PATIENCE)
        hang.set()


def test_an_account_that_hangs_has_a_few_workers_and_no_more() -> None:
    hang, full = threading.Event(), threading.Semaphore(0)

    def pay(_key: int) -> None:
        full.release()
        hang.wait(PATIENCE)

    owed = Owed([Due(key, "bad") for key in range(50)], pay)
    with sweeping(owed) as sweep:
        sweep.wake()
        for _ in range(AT_ONCE):
            assert full.acquire(timeout=PATIENCE)

        assert len(owed.begun) == AT_ONCE
        hang.set()


def test_what_closes_goes_before_what_was_waiting_already() -> None:
    gates = {key: threading.Event() for key in range(AT_ONCE)}
    begun = threading.Semaphore(0)

    def pay(key: int) -> None:
        begun.release()
        if key in gates:
            gates[key].wait(PATIENCE)

    owed = Owed([Due(key, "home") for key in range(AT_ONCE + 5)], pay)
    with sweeping(owed) as sweep:
        sweep.wake()
        for _ in range(AT_ONCE):
            assert begun.acquire(timeout=PATIENCE)
        owed.owe(Due(99, "home", first=True))
        owed.owe(Due(100, "elsewhere"))
        sweep.wake()
        assert begun.acquire(timeout=PATIENCE)  # 100, so 99 was found as well, and waits
        gates[0].set()
        assert begun.acquire(timeout=PATIENCE)
        first = owed.begun[AT_ONCE + 1]
        for gate in gates.values():
            gate.set()

    assert owed.begun[AT_ONCE] == 100
    assert first == 99
