"""CloudFormation: ministack's stacks, of the resources of IAM alone.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.aws.answers import Answer, refusal
from sandbox.aws.errors import AwsError
from sandbox.aws.handlers import judged_params
from sandbox.aws.request import current, one_meaning
from sandbox.aws.stacked import Stacked

_SERVED: Final = frozenset(
    {
        *("CreateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents"),
        *("DescribeStackResources", "ValidateTemplate"),
    }
)


def ministacks() -> tuple[Any, dict[str, Any]]:
    """CloudFormation as ministack has it, and the table of the resources it makes. It brings every
    other service along, so it is loaded when somebody asks for it.
    """
    service = importlib.import_module("ministack.services.cloudformation")
    makers = importlib.import_module("ministack.services.cloudformation.provisioners")
    return service, vars(makers)["_RESOURCE_HANDLERS"]


class Stacks:
    """Answers the calls of CloudFormation."""

    def __init__(
        self, stacked: Stacked, load: Callable[[], tuple[Any, dict[str, Any]]] = ministacks
    ) -> None:
        self._stacked = stacked
        self._load = load
        self._service: Any = None

    async def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, list[str]],
    ) -> Answer:
        """The answer to one call that enforcement has let through."""
        try:
            params = one_meaning(method, query, body)
            judged_params("cloudformation", current.get(), params)
        except AwsError as error:
            return refusal("cloudformation", error)
        if params["Action"] not in _SERVED:
            told = f"Could not find operation {params['Action']}"
            return refusal("cloudformation", AwsError(400, "InvalidAction", told))
        if self._service is None:
            self._service, makers = self._load()
            makers.clear()
            makers.update(self._stacked.handlers())
        answer: Answer = await self._service.handle_request(method, path, headers, body, query)
        return answer
