"""CloudFormation: ministack's stacks, of the resources of IAM alone.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from sandbox.aws.answers import Answer, refusal
from sandbox.aws.errors import AwsError
from sandbox.aws.handlers import judged_params
from sandbox.aws.partition import Partition
from sandbox.aws.request import current, one_meaning
from sandbox.aws.stacked import Stacked

_SERVED: Final = frozenset(
    {
        *("CreateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents"),
        *("DescribeStackResources", "ValidateTemplate"),
    }
)
_MODULE: Final = "ministack.services.cloudformation"
_EVALUATE: Final = "_evaluate_conditions"


class Stacks:
    """Answers the calls of CloudFormation."""

    def __init__(self, stacked: Stacked, partition: Partition) -> None:
        self._stacked = stacked
        self._partition = partition
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
        self._service = self._service or self._loaded()
        answer: Answer = await self._service.handle_request(method, path, headers, body, query)
        return answer

    def _loaded(self) -> Any:
        """ministack's service, with our resources. It brings every other service along, so it is
        loaded when somebody asks for it.
        """  # noqa: D403  its name is written small
        service = importlib.import_module(_MODULE)
        makers = vars(importlib.import_module(f"{_MODULE}.provisioners"))["_RESOURCE_HANDLERS"]
        makers.clear()
        makers.update(self._stacked.handlers())
        judge = vars(importlib.import_module(f"{_MODULE}.engine"))[_EVALUATE]
        for name in ("engine", "handlers", "stacks", "changesets"):
            module = importlib.import_module(f"{_MODULE}.{name}")
            setattr(module, _EVALUATE, partial(_evaluated, self._partition, judge))
        return service


def _evaluated(
    partition: Partition,
    judge: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, bool]],
    template: Mapping[str, Any],
    params: Mapping[str, Any],
) -> dict[str, bool]:
    """A template's conditions, in which pseudo parameters are known, too.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    pseudo = {
        "AWS::AccountId": current.get().account_id,
        "AWS::Partition": partition.name,
        "AWS::Region": partition.region,
    }
    return judge(template, {**params, **{name: {"Value": one} for name, one in pseudo.items()}})
