# ruff: noqa: SLF001  this module is where ministack's private names are known
"""ministack, hardened: every place where it is made to do as AWS does.

The names used here are private and hold for the one version that `loading` accepts. What each of
them is made to do is written in the module of that concern.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.aws.answers import Answer
from sandbox.aws.assume_role import AssumeRole
from sandbox.aws.behalf import OnBehalf
from sandbox.aws.calls import CallLog
from sandbox.aws.conditions import Conditions, frozen
from sandbox.aws.copies import Copies
from sandbox.aws.details import completed
from sandbox.aws.handlers import Handlers
from sandbox.aws.judge import Judge
from sandbox.aws.loading import Ministack
from sandbox.aws.lookup import Lookup
from sandbox.aws.mfa import MfaDevices
from sandbox.aws.moved_time import MovedTime
from sandbox.aws.organizations import Organizations
from sandbox.aws.principals import Principals
from sandbox.aws.quotas import Quotas
from sandbox.aws.recorder import Recorder, Sender
from sandbox.aws.records import Records
from sandbox.aws.rename import update_user
from sandbox.aws.request import Params, current
from sandbox.aws.rules import Rules
from sandbox.aws.sessions import Sessions
from sandbox.aws.simulate import Simulation
from sandbox.aws.spread import Spread
from sandbox.aws.stacked import Stacked
from sandbox.aws.stacks import Stacks
from sandbox.aws.throttle import Throttle
from sandbox.aws.trail import Trail
from sandbox.clock import SharedClock

_CLOUDFORMATION = Sender(*["cloudformation.amazonaws.com"] * 3)
_ROOT_KEY = re.compile(r"\d{12}")
_SPREAD_STORES = (
    "_users",
    "_roles",
    "_groups",
    "_policies",
    "_user_inline_policies",
    "_group_inline_policies",
)


class Emulator:
    """The hardened ministack, and what can be set in it while it runs."""

    def __init__(self, parts: Ministack, clock: SharedClock, root_secret: str) -> None:
        self._parts = parts
        self._root_secret = root_secret
        self.clock = clock
        self.partition = parts.partition
        self.calls = CallLog()
        self.spread = Spread()
        self.throttle = Throttle()
        self.records = Records(parts.iam, parts.partition)
        self.quotas = Quotas(self.records)
        sts = parts.sts
        self._mfa = MfaDevices(self.records, clock)
        self._sessions = Sessions(sts._sessions, self.records, self._mfa, clock)
        self._roles = AssumeRole(
            sts.handle_request, sts.register_session, self._sessions, self.records, self.spread
        )
        self.trail = Trail(clock)
        self.organizations = Organizations(parts.partition)
        self.recorder = Recorder(self.trail, self._sessions, self.records, clock)
        self._judge = Judge(parts, self.records, self.spread, self._sessions, self.throttle)
        self.app = parts.app.app

    def install(self) -> None:
        """Makes ministack do as AWS does; once per process."""
        self._keep_time()
        self._keep_records()
        self._check_root_keys()
        self._judge_conditions()
        self._judge_calls()
        self._answer_calls()

    def _keep_time(self) -> None:
        moved = MovedTime(self.clock)
        for module in (self._parts.evaluator, self._parts.sts, self._parts.iam):
            module.time = moved
        self._parts.sts.register_session = self._roles.register
        # A session that has ended is told apart from one that never was, so none is dropped.
        self._parts.sts._evict_expired_sessions = lambda: None

    def _keep_records(self) -> None:
        kept = self._parts.iam._users.__class__
        spread = self.spread
        for name in _SPREAD_STORES:
            seen = property(_read(spread, name), _write(spread, name))
            setattr(self._parts.iam, name, type(kept.__name__, (kept,), {"_data": seen})())
        by_account = {
            f"{service.__name__}.{name}": store
            for service in (self._parts.iam, self._parts.s3)
            for name, store in vars(service).items()
            if isinstance(store, kept)
        }
        self.copies = Copies(by_account, spread, self._parts.iam._now)

    def _check_root_keys(self) -> None:
        """A 12-digit key is its account's root, and needs a signature with the root secret."""
        evaluator = self._parts.evaluator
        resolve = evaluator.resolve_credential
        unchecked = evaluator._SESSION_TOKEN_NOT_CHECKED

        def resolve_credential(
            key: str, account_id: str | None = None, session_token: Any = unchecked
        ) -> Any:
            if not _ROOT_KEY.fullmatch(key):
                return resolve(key, account_id, session_token)
            if account_id not in (None, key):
                return evaluator._unknown_access_key()
            if session_token is not unchecked and session_token:
                return evaluator._invalid_session_token()
            return evaluator.ResolvedCredential(
                access_key_id=key,
                secret_access_key=self._root_secret,
                account_id=key,
                principal_arn=self.records.partition.arn("iam", key, "root"),
                principal_id=key,
                principal_type="Root",
                source_access_key_id=key,
            )

        for module in (evaluator, self._parts.sts):
            module.resolve_credential = resolve_credential
            module.is_root_access_key = lambda _: False

    def _judge_conditions(self) -> None:
        evaluator = self._parts.evaluator
        conditions = Conditions(evaluator, self.records, self.clock)
        evaluator._resolve_condition_key = conditions.resolve
        evaluator._conditions_met = conditions.met
        evaluator._first_match = conditions.first_match
        parse = evaluator.parse_policy_document
        evaluator.parse_policy_document = lambda document: parse(
            frozen(json.loads(document)) if isinstance(document, str) else document
        )
        self._tell_of_sessions()

    def _tell_of_sessions(self) -> None:
        principal_keys = self._parts.evaluator._principal_keys

        def with_session(credential: Any) -> Any:
            return principal_keys(credential) | self._sessions.carried(credential.access_key_id)

        for module in (self._parts.evaluator, self._parts.sts):
            module._principal_keys = with_session

    def _judge_calls(self) -> None:
        evaluator, sts = self._parts.evaluator, self._parts.sts
        judge = self._judge
        self._parts.actions.extract_resource_arn = judge.name_resource
        evaluator.enforce = judge.judge
        evaluator.resolve_principal = judge.living_principal
        evaluator.evaluate_trust_policy = judge.trusts
        # As the role's own policy, a trust that names a caller of the same account suffices.
        evaluator._RESOURCE_POLICY_LOOKUPS["sts"] = ("sts", "trust_policy_for_arn")
        sts.trust_policy_for_arn = judge.trust_of

    def _answer_calls(self) -> None:
        iam = self._parts.iam
        simulation = Simulation(self._parts.evaluator, self.records)
        summary = iam._get_account_summary
        principals = Principals(self.records)
        details = iam._IAM_HANDLERS["GetAccountAuthorizationDetails"]
        table = {
            **iam._IAM_HANDLERS,
            "GetAccountAuthorizationDetails": lambda params: completed(
                self.records, details, _account(), params
            ),
            "SimulatePrincipalPolicy": lambda params: simulation.principal(_account(), params),
            "SimulateCustomPolicy": lambda params: simulation.custom(_account(), params),
            "UpdateUser": lambda params: update_user(self.records, principals, _account(), params),
            "GetAccountSummary": lambda params: self.quotas.told(_account(), summary(params)),
            **self._mfa_handlers(),
        }
        rules = Rules(self.records, self.quotas, principals, self._mfa)
        served = self._parts.app.SERVICE_HANDLERS
        answer_s3 = served["s3"]
        served.clear()
        answering = Handlers(table, rules, self.spread)
        served["iam"] = answering.handle
        served["sts"] = self._roles.handle
        served["s3"] = answer_s3
        served["cloudtrail"] = Lookup(self.trail).handle
        served["organizations"] = self.organizations.handle
        served["cloudformation"] = self._stacks(answering).handle

    def _stacks(self, answering: Handlers) -> Stacks:
        behalf = OnBehalf(
            self._judge,
            self.records,
            answering.do,
            lambda request, answer: self.recorder.note(request, answer, _CLOUDFORMATION),
        )
        return Stacks(Stacked(behalf, self.records), self.partition)

    def _mfa_handlers(self) -> dict[str, Callable[[Any], Answer]]:
        handlers, mfa = self._parts.iam._IAM_HANDLERS, self._mfa
        ours = {
            "CreateVirtualMFADevice": mfa.create,
            "EnableMFADevice": mfa.proven(handlers["EnableMFADevice"]),
            "ResyncMFADevice": mfa.proven(handlers["ResyncMFADevice"]),
            "ListMFADevices": mfa.listing(handlers["ListMFADevices"]),
        }
        return {name: partial(_in_account, handler) for name, handler in ours.items()}


def _read(spread: Spread, name: str) -> Callable[[Any], Any]:
    return lambda _: spread.records(name)


def _write(spread: Spread, name: str) -> Callable[[Any, Any], None]:
    return lambda _, records: spread.keep(name, records)


def _in_account(handler: Callable[[str, Params], Answer], params: Params) -> Answer:
    return handler(_account(), params)


def _account() -> str:
    return current.get().account_id
