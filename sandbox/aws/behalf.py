"""Calls of IAM that a service of AWS makes for whoever asked it, with his rights and no others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws import elements
from sandbox.aws.answers import Answer, refusal
from sandbox.aws.errors import AwsError
from sandbox.aws.judge import Judge
from sandbox.aws.keys import resource_of
from sandbox.aws.records import Records
from sandbox.aws.request import Params, Request, current

Do = Callable[[Request, Params], Answer]
Note = Callable[[Request, Answer], None]


class RefusedError(Exception):
    """IAM refused a call; the text is what CloudFormation tells of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (Service: Iam, Error Code: {code})")
        self.code = code


class OnBehalf:
    """Makes calls of IAM as the caller of the request that is being answered."""

    def __init__(self, judge: Judge, records: Records, do: Do, note: Note) -> None:
        self._judge = judge
        self._records = records
        self._do = do
        self._note = note

    def call(self, action: str, **parameters: Any) -> None:
        """Makes one call, by AWS's names; documents may be mappings. Raises `RefusedError`."""
        asking = current.get()
        request = Request(
            key=asking.key,
            account_id=asking.account_id,
            caller=asking.caller,
            principal_id=asking.principal_id,
            principal_type=asking.principal_type,
            temporary=asking.temporary,
            service="iam",
            method="POST",
            params=flat(action, parameters),
        )
        token = current.set(request)
        try:
            answer = self._answer(request)
        except AwsError as error:
            answer = refusal("iam", error)
        finally:
            current.reset(token)
        self._note(request, answer)
        if answer[0] >= 300:
            raise RefusedError(*elements.refused(answer[2]))

    def _answer(self, request: Request) -> Answer:
        params = request.params
        about = resource_of(self._records, request.account_id, params)
        region = self._records.partition.region
        action = f"iam:{params['Action']}"
        refused = self._judge.judge(request.key, action, "iam", region, about)
        if refused is not None:
            raise AwsError(403, refused.code, refused.message)
        return self._do(request, params)


def flat(action: str, parameters: Mapping[str, Any]) -> Params:
    """Parameters as the query protocol has them: lists of tags and keys are numbered."""
    said = Params(Action=action)
    for name, value in parameters.items():
        if isinstance(value, list):
            for number, one in enumerate(value, 1):
                for key, held in one.items():
                    said[f"{name}.member.{number}.{key}"] = str(held)
        elif name.endswith("Document") and not isinstance(value, str):
            said[name] = json.dumps(value)
        else:
            said[name] = str(value)
    return said
