"""The wire between a worker and AWS: where it is cut, where calls fail, and where workers stop.

A worker that is stepped runs in a thread of its own, but only while it is told to: one thread runs
at a time, so a run can be repeated.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from tests.workflows.odd import Answer, busy, refused
from workflows.aws.errors import AwsUnclear
from workflows.aws.fence import Fenced, Managers

STUCK: Final = 60.0  # seconds of real time in which a step must be over


class Killed(BaseException):
    """What SIGKILL looks like from inside: nothing catches it."""


def lost(call: Answer, *args: Any, **kwargs: Any) -> None:
    """The call is done, and its answer is lost."""
    call(*args, **kwargs)
    raise AwsUnclear("iam:Odd", "ConnectionClosedError", "no clear answer from AWS")


def cut(_call: Answer, *_: Any, **__: Any) -> None:
    """Nothing is done, and there is no answer."""
    raise AwsUnclear("iam:Odd", "ReadTimeoutError", "no clear answer from AWS")


FAULTS: Final[dict[str, Answer]] = {"busy": busy, "refused": refused, "lost": lost, "cut": cut}


class InLine(ThreadPoolExecutor):
    """Does at once, in order, and in the caller's thread what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  whatever it is, it waits in the future
            future.set_exception(error)
        return future


class Step:
    """A payment that goes on when it is told to: from one edge of an AWS call to the next."""

    def __init__(self, pay: Callable[[], None]) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self.at: str | None = None  # the call before or after which it stands
        self.done = False
        self.fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(pay,), daemon=True)
        self._thread.start()

    def _run(self, pay: Callable[[], None]) -> None:
        _STEPPED.step = self
        self._go.acquire()
        try:
            if not self._killed:
                pay()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  told in the test's own thread
            self.fault = error
        self.done, self.at = True, None
        self._stopped.release()

    def stop(self, at: str) -> None:
        """Called by the worker at an edge of a call: waits to be told to go on, or dies."""
        self.at = at
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def go_on(self, edges: int) -> None:
        """Lets it run past so many edges, or to its end."""
        for _ in range(edges):
            if self.done:
                break
            self._go.release()
            assert self._stopped.acquire(timeout=STUCK), f"stuck at {self.at}"
        if self.fault is not None:
            raise self.fault

    def finish(self) -> None:
        """Lets it run to its end."""
        while not self.done:
            self.go_on(1)

    def kill(self) -> None:
        """The process dies where it stands."""
        self._killed = True
        self.finish()


_STEPPED = threading.local()


class Wire:
    """What all workers of one world of accounts share on their way to AWS."""

    def __init__(self) -> None:
        self.out: set[str] = set()  # account ids that cannot be reached
        self.faults: list[tuple[int, str]] = []  # calls from now on, and what happens to that one

    @property
    def armed(self) -> set[str]:
        """The kinds of faults that are still to come."""
        return {fault for _, fault in self.faults}

    def reach(self, account_id: str) -> None:
        """Raises where the account is out of reach."""
        if account_id in self.out:
            raise AwsUnclear("iam:Odd", "EndpointConnectionError", "no clear answer from AWS")

    def call(self, account_id: str, name: str, do: Answer, *args: Any, **kwargs: Any) -> Any:
        """One call of IAM, with whatever comes between."""
        step: Step | None = getattr(_STEPPED, "step", None)
        if step is not None:
            step.stop(f"before {name}")
        self.reach(account_id)
        fault = self._fault()
        answer = do(*args, **kwargs) if fault is None else fault(do, *args, **kwargs)
        if step is not None:
            step.stop(f"after {name}")
        return answer

    def _fault(self) -> Answer | None:
        now = [fault for calls, fault in self.faults if calls == 0]
        self.faults = [(calls - 1, fault) for calls, fault in self.faults if calls > 0]
        return FAULTS[now[0]] if now else None


class WiredIam:
    """IAM at the other end of a wire."""

    def __init__(self, iam: Any, account_id: str, wire: Wire) -> None:
        self._iam, self._account_id, self._wire = iam, account_id, wire

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._iam, name)
        if not callable(held):
            return held

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._wire.call(self._account_id, name, held, *args, **kwargs)

        return call


class WiredManagers(Managers):
    """Managers whose sessions are at the other end of a wire."""

    wire: Wire

    def fenced(self, manager_arn: str, external_id: str | None) -> Fenced:
        account_id = manager_arn.split(":")[4]
        self.wire.reach(account_id)
        fenced = super().fenced(manager_arn, external_id)
        wired: Any = WiredIam(fenced.iam, account_id, self.wire)
        return replace(fenced, iam=wired, pool=InLine(1))
