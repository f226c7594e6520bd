"""IAM's actions: the emulator's handlers, with AWS's checks before and its pages after."""

from collections.abc import Callable, Mapping

from sandbox.aws.answers import Answer, refusal, success
from sandbox.aws.errors import AwsError, denied, invalid
from sandbox.aws.keys import ABOUT_ONESELF
from sandbox.aws.pages import page
from sandbox.aws.request import Params, Request, current, one_meaning
from sandbox.aws.rules import Rules
from sandbox.aws.spread import Spread

Handler = Callable[[Params], Answer]


class Handlers:
    """Answers the calls of IAM."""

    def __init__(self, table: Mapping[str, Handler], rules: Rules, spread: Spread) -> None:
        self._table = table
        self._rules = rules
        self._spread = spread

    async def handle(
        self,
        method: str,
        _path: str,
        _headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, list[str]],
    ) -> Answer:
        """The answer to one call that enforcement has let through."""
        request = current.get()
        try:
            params = judged_params("iam", request, one_meaning(method, query, body))
            return self.do(request, params)
        except AwsError as error:
            return refusal("iam", error)

    def do(self, request: Request, params: Params) -> Answer:
        """The answer to a call that was judged. Raises `AwsError`."""
        action = params["Action"]
        handler = self._table.get(action)
        if handler is None:
            raise AwsError(400, "InvalidAction", f"Could not find operation {action}")
        _name_oneself(action, request, params)
        if action.startswith("Simulate"):
            with self._spread.seen_by_enforcement():
                return page(action, params, handler(params))
        if action.startswith(("Get", "List")):
            with self._spread.seen_by_reads():
                return page(action, params, handler(params))
        self._rules.protect(request.caller, request.account_id, params)
        return self._write(action, handler, request.account_id, params)

    def _write(self, action: str, handler: Handler, account_id: str, params: Params) -> Answer:
        self._rules.check(action, account_id, params)
        if self._rules.needless(action, account_id, params):
            return success("iam", action)
        leaving = self._rules.leaving(action, account_id, params)
        answer = handler(params)
        if leaving and answer[0] < 300:
            self._rules.left(leaving)
        self._spread.written()
        return answer


def judged_params(service: str, request: Request, params: Params) -> Params:
    """The parameters of a call, if it is the call that enforcement has judged."""
    if f"{service}:{params['Action']}" not in request.judged:
        raise denied("What was asked for is not what was judged.")
    return params


def _name_oneself(action: str, request: Request, params: Params) -> None:
    if action not in ABOUT_ONESELF or params.get("UserName"):
        return
    if ":user/" in request.caller:
        params["UserName"] = request.caller.rsplit("/", 1)[-1]
    elif action != "GetUser" or not request.caller.endswith(":root"):
        raise invalid("Must specify userName when calling with non-User credentials")
