"""PagerDuty, as far as somebody asks who is on call: `GET /oncalls` on loopback.

Source: PagerDuty REST API v2, "List all of the on-calls": filtered by schedule, for the present
moment unless the caller says otherwise; `include[]=users` puts the people in whole; an answer is a
page, and `more` says whether there is another one.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

TOKEN: Final = "pd-u+sandbox"
_PAGE: Final = 25
_MOST: Final = 100


class SandboxPagerDuty:
    """Schedules and who is on call by them, by e-mail address.

    `failing` is a status that every call is answered with; None: calls are answered.
    """

    def __init__(self) -> None:
        self.token = TOKEN
        self.on_call: dict[str, list[str]] = {}
        self.failing: int | None = None
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Serves while the block runs."""
        sandbox = cls()
        thread = threading.Thread(target=sandbox._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield sandbox
        finally:
            sandbox._server.shutdown()
            sandbox._server.server_close()
            thread.join()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer to one GET."""
        self.asked.append(path)
        if self.failing is not None:
            return self.failing, _error(self.failing, "Internal Server Error")
        if headers.get("authorization") != f"Token token={TOKEN}":
            return HTTPStatus.UNAUTHORIZED, _error(2006, "Unauthorized")
        parts = urlsplit(path)
        if parts.path != "/oncalls":
            return HTTPStatus.NOT_FOUND, _error(2100, "Not Found")
        asked = parse_qs(parts.query)
        limit = min(int(asked.get("limit", [str(_PAGE)])[0]), _MOST)
        found = [
            _entry(schedule, email, whole="users" in asked.get("include[]", ()))
            for schedule in asked.get("schedule_ids[]", self.on_call)
            for email in self.on_call.get(schedule, ())
        ]
        page = {"limit": limit, "offset": 0, "total": None, "more": len(found) > limit}
        return HTTPStatus.OK, {"oncalls": found[:limit], **page}


def _entry(schedule: str, email: str, *, whole: bool) -> dict[str, Any]:
    name = email.partition("@")[0]
    person = {"id": f"P{abs(hash(email)) % 10**6:06}", "summary": name}
    if whole:
        person |= {"type": "user", "name": name, "email": email}
    else:
        person |= {"type": "user_reference"}
    return {
        "escalation_policy": {"id": "PPOLICY", "type": "escalation_policy_reference"},
        "escalation_level": 1,
        "schedule": {"id": schedule, "type": "schedule_reference"},
        "user": person,
        "start": "2020-01-01T00:00:00Z",
        "end": None,
    }


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


def _handler(sandbox: SandboxPagerDuty) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = sandbox.answer(self.path, headers)
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its own name
            """Says nothing."""

    return Handler
