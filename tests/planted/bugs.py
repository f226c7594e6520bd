"""The bugs: what each would mean, the line that makes it, and the tests that must fail with it."""

from typing import Final

from tests.planted.bug import Bug
from tests.planted.remembered import OF_THE_LOG
from tests.planted.terminal import IN_THE_TERMINAL

_ACTIVITY: Final = "workflows/activity/events.py"
_ACCESS: Final = "tests/workflows/test_access.py"
_DEPTH: Final = "tests/workflows/test_depth.py"
_PLAN: Final = "tests/workflows/test_plan.py"
_PLACES: Final = "tests/workflows/test_plan_member.py"
_RACES: Final = "tests/workflows/test_attack_races.py"
_TIME: Final = "tests/workflows/test_attack_time.py"
_ASKED: Final = "workflows/settle/asked.py"
_OPENING: Final = "workflows/settle/opening.py"
_ROLE_PLAN: Final = "workflows/plan/role.py"
_ENDING: Final = "workflows/plan/ending.py"
_MEMBER_PLAN: Final = "workflows/plan/member.py"
_RULES: Final = "workflows/rules.py"

_RESTORE: Final = "tests/workflows/test_restore.py"
_SETTLE: Final = "tests/workflows/test_settle.py"
_SIMULATED: Final = (
    f"{_DEPTH}::test_what_another_policy_denies_is_never_called_active_and_is_closed_again"
)
_REVIVED: Final = f"{_SETTLE}::test_a_new_grant_does_not_revive_the_session_of_a_revoked_one"

BUGS: Final = (
    Bug(
        "a line of before shuts out the next grant",
        _ENDING,
        "named = standing.keys() | {one.user_id.casefold() for one in grants if one.session_end}",
        "named = {one.user_id.casefold() for one in grants if one.session_end}",
        ("tests/workflows/test_no_session_end.py",),
    ),
    Bug(
        "self-approval allowed",
        _RULES,
        "if approver.user == requester.user or same_person(approver, requester):",
        "if not approver.user:",
        (f"{_ACCESS}::test_nobody_approves_for_himself_although_he_is_an_approver",),
    ),
    Bug(
        "a second Slack id of the requester approves",
        _RULES,
        "if approver.user == requester.user or same_person(approver, requester):",
        "if approver.user == requester.user:",
        (f"{_ACCESS}::test_a_second_slack_id_with_the_same_address_is_the_same_person",),
    ),
    Bug(
        "membership before trust",
        "workflows/rows.py",
        "phase=phase(row, fit if row.role_open_at is not None or row.id in opened else ()),",
        "phase=phase(row, fit),",
        (f"{_DEPTH}::test_nobody_is_put_into_a_group_before_the_trust_policy_was_read_back",),
    ),
    Bug(
        "the role's note after the write",
        "workflows/settle/role_note.py",
        "    fail_refused(session, found, planned.refused, now)\n    coming =",
        "    fail_refused(session, found, planned.refused, now)\n"
        "    from workflows.documents.session_end import Anchor\n"
        "    from workflows.settle import apply\n"
        "    from db import audit\n"
        "    anchor = Anchor(audit.head(session)[0], audit.head(session)[1][:8])\n"
        "    apply.role(\n"
        "        held.fenced,\n"
        "        held.target.name,\n"
        "        seen,\n"
        "        planned,\n"
        "        clock=world.clock,\n"
        "        anchor=anchor,\n"
        "    )\n"
        "    coming =",
        (f"{_DEPTH}::test_end_and_ids_are_committed_before_the_first_write_to_the_role",),
    ),
    Bug(
        "the membership's note after the write",
        "workflows/settle/member.py",
        "                at=now,\n            )\n    return Noted",
        "                at=now,\n            )\n"
        "        apply.member(held.fenced, held.target.name, planned, clock=world.clock)\n"
        "    return Noted",
        (f"{_DEPTH}::test_whom_a_place_belonged_to_is_committed_before_it_is_first_changed",),
    ),
    Bug(
        "session end forgotten",
        _ROLE_PLAN,
        "    if seen.session_end is None and not lines:\n",
        "    if seen.session_end is None:\n",
        (f"{_PLAN}::test_an_opening_gets_its_entry_and_its_session_end",),
    ),
    Bug(
        "session end dropped at ended",
        "db/store/requests.py",
        "or_(Request.state.in_(OPEN), kept))",
        "Request.state.in_(OPEN))",
        (f"{_DEPTH}::test_a_revoked_session_stays_dead_whatever_is_written_for_others_later",),
    ),
    Bug(
        "session end computed from open requests only",
        "workflows/rows.py",
        "        if row.noted_at is not None and row.ends_at is not None",
        "        if row.noted_at is not None and row.ends_at and phase(row, fit) is not Phase.OVER",
        (f"{_DEPTH}::test_a_revoked_session_stays_dead_whatever_is_written_for_others_later",),
    ),
    Bug(
        "a session end that somebody narrowed is not seen",
        "workflows/drift/compare.py",
        "session_end.lines(session_end.in_full(held))",
        "session_end.lines(held)",
        ("tests/workflows/test_drift.py::test_a_session_end_that_somebody_weakened_is_made_right",),
    ),
    Bug(
        "a neighbour's entry dropped",
        _ROLE_PLAN,
        "if (opens or still) and",
        "if opens and",
        (f"{_PLAN}::test_the_end_of_one_leaves_the_neighbour_as_he_was",),
    ),
    Bug(
        "a foreign statement dropped",
        "workflows/documents/trust.py",
        "kept = [one for one in text.statements(document) if not is_ours(one) or is_seal(one)]",
        "kept = [one for one in text.statements(document) if is_seal(one)]",
        (f"{_ACCESS}::test_what_is_foreign_stays_where_it_is_through_a_whole_grant",),
    ),
    Bug(
        "a membership that was there before is removed",
        _MEMBER_PLAN,
        "if before.get(group) != first.inside:",
        "if before:",
        (f"{_ACCESS}::test_a_membership_she_had_before_stays_after_the_end",),
    ),
    Bug(
        "opening by the sweep",
        "workflows/rows.py",
        "return Phase.OPEN if row.state is State.ACTIVE else Phase.OVER",
        "return Phase.OPENING if row.state is State.ACTIVE else Phase.OVER",
        (f"{_ACCESS}::test_what_a_human_takes_away_in_aws_ends_the_grant",),
    ),
    Bug(
        "a revoke waits for the end that was fixed",
        _ENDING,
        "line = made.get(name, Line(grant.user_id, None))",
        "line = made.get(name, Line(grant.user_id, grant.ends_at))",
        (f"{_TIME}::test_a_revoke_by_a_bot_whose_clock_is_ahead_or_behind_cuts_at_once",),
    ),
    Bug(
        "a name that is over is dated by our own clock",
        "workflows/rows.py",
        "    return min(now, seen.role.at) - KEPT\n",
        "    return now - KEPT\n",
        (f"{_TIME}::test_a_clock_that_jumps_half_a_day_ahead_revives_no_session",),
    ),
    Bug(
        "no fence",
        "workflows/aws/fence.py",
        '            "Policy": fence_policy(fence),\n',
        "",
        (f"{_RACES}::test_a_frozen_worker_that_wakes_past_its_fence_writes_nothing",),
    ),
    Bug(
        "two grantees with one session name",
        _ROLE_PLAN,
        "            or _shares_name(grant, grants)\n",
        "",
        (f"{_PLAN}::test_two_grantees_with_one_session_name_are_never_open_together",),
    ),
    Bug(
        "a group with an extra policy accepted",
        "workflows/documents/groups.py",
        "            if wrong := _statement_fault(statement, effect, governed):\n",
        "            if wrong := None:\n",
        (f"{_ACCESS}::test_a_group_that_was_widened_since_the_look_is_not_joined",),
    ),
    Bug(
        "a foreign root statement accepted",
        _ROLE_PLAN,
        "    statement = admits.admitting(seen.role.trust, visitor)\n",
        "    statement = None\n",
        (f"{_ACCESS}::test_a_foreign_statement_that_admits_her_refuses_the_request_at_the_look",),
    ),
    Bug(
        "an approval counted whose giver lost the right",
        _ASKED,
        "            rules.identified(approver, catalog)\n",
        "",
        (f"{_ACCESS}::test_an_approval_whose_giver_was_deactivated_does_not_open",),
    ),
    Bug(
        "terms that were not shown are approved",
        "workflows/access/deciding.py",
        "    if click.terms != row.terms:\n",
        "    if not click.terms:\n",
        (f"{_ACCESS}::test_an_approval_of_other_terms_than_were_shown_counts_for_nothing",),
    ),
    Bug(
        "an opening by a clock that is wrong",
        _OPENING,
        "    if abs(off) > CLOCKS_APART:\n",
        "    if abs(off) > CLOCKS_APART * 1000:\n",
        (
            f"{_TIME}::test_a_bot_whose_clock_is_more_than_half_a_minute_off_opens_nothing_and_says_so",
        ),
    ),
    Bug(
        "a restored database opens",
        "db/store/holds.py",
        "where(Hold.lifted_at.is_(None)).order_by(",
        "where(Hold.lifted_at.is_not(None)).order_by(",
        (
            "tests/workflows/test_restore.py::test_a_restored_database_opens_nothing_and_goes_on_closing",
        ),
    ),
    Bug(
        "what was approved before a freeze opens during it",
        _ASKED,
        "        waiting = self.fit & frozenset(frozen)\n",
        "        waiting = self.fit & frozenset(frozen) & self.unsaid\n",
        (
            "tests/workflows/test_freeze.py::test_what_was_approved_before_a_freeze_opens_when_it_is_thawed",
        ),
    ),
    Bug(
        "a second Slack id of the grantee approves",
        "workflows/access/rows.py",
        "    if identity.is_own(catalog, by, GranteeKind(row.grantee_kind), row.grantee_name):\n",
        "    if by.user == requester.user:\n",
        (
            "tests/workflows/test_access.py::test_a_second_slack_id_with_the_same_iam_user_is_the_same_person",
        ),
    ),
    Bug(
        "what AWS's simulation refuses is called active",
        "workflows/settle/verify.py",
        "        if verdict is None or not verdict.refused:\n",
        "        if verdict is None or verdict.refused:\n",
        (f"{_DEPTH}::test_what_another_policy_denies_is_never_called_active_and_is_closed_again",),
    ),
    Bug(
        "an emergency stop is overruled",
        _MEMBER_PLAN,
        "        if taken and not is_open:\n",
        "        if ours and taken and not is_open:\n"
        "            self.opening.append(Step(first.group, join=first.inside))\n"
        "        elif taken and not is_open:\n",
        (f"{_PLACES}::test_a_member_who_was_put_back_into_the_deny_group_is_not_lifted_again",),
    ),
    Bug(
        "an emergency stop is undone by another opening",
        _MEMBER_PLAN,
        "        if not is_open and (taken or any(one.trusted for one in live)):\n",
        "        if not is_open and any(one.trusted for one in live):\n",
        (f"{_PLACES}::test_what_somebody_took_away_is_not_given_back_by_opening_another_grant",),
    ),
    Bug(
        "what is being closed is opened by another grant",
        _MEMBER_PLAN,
        "        if not is_open and (taken or any(one.trusted for one in live)):\n",
        "        if not is_open and taken:\n",
        (f"{_DEPTH}::test_what_a_stop_left_of_the_role_is_closed_before_another_grant_opens",),
    ),
    Bug(
        "old sessions live again with a new grant",
        _OPENING,
        "    return seen.role.at - APART / 2\n",
        "    return None\n",
        (_REVIVED,),
    ),
    Bug(
        "a grant that AWS ended is revived by its row",
        _ENDING,
        "    return None if stands.end is None else min(grant.ends_at, stands.end)\n",
        "    return grant.ends_at\n",
        (
            f"{_RESTORE}::test_who_is_active_in_the_backup_and_was_revoked_since_is_not_let_in_again",
        ),
    ),
    Bug(
        "sessions of a grant that no row knows live again with a new one",
        _OPENING,
        "    if not pair and _stands(row, seen) is None:\n",
        "    if not pair:\n",
        (
            f"{_RESTORE}::test_a_new_grant_does_not_revive_the_session_of_one_that_the_database_does_not_know",
        ),
    ),
    Bug(
        "an accepted restore forgets who was revoked",
        "workflows/settle/role_record.py",
        "    known = frozenset() if restored else",
        "    known = frozenset() if restored and not seen else",
        (
            f"{_RESTORE}::test_a_session_whose_revoke_was_lost_with_the_backup_stays_dead_when_it_is_accepted",
        ),
    ),
    Bug(
        "a settle waits for Slack however long it takes",
        _ASKED,
        "        return asking.result(SAYS_WITHIN)\n",
        "        return asking.result()\n",
        (
            "tests/workflows/test_member_waits.py::test_a_settle_that_waits_for_slack_lets_a_revoke_pass_soon",
        ),
    ),
    Bug(
        "a user who was renamed counts as deleted",
        "workflows/settle/absent.py",
        "        names = held.fenced.iam.user_names(ids)\n",
        "        names: Mapping[str, str] = {}\n",
        (
            "tests/workflows/test_renamed.py::test_a_renamed_user_is_put_out_although_another_has_his_name_now",
        ),
    ),
    Bug(
        "an end is judged by our own clock",
        "workflows/aws/fence.py",
        "    return now if abs(off) <= _ROUNDING else now + off\n",
        "    return now\n",
        (f"{_TIME}::test_a_clock_that_is_ahead_ends_no_grant_before_its_time_by_aws",),
    ),
    Bug(
        "a lift that opens another role goes on",
        "workflows/drift/lifted.py",
        "    if names <= {row.role_arn}:\n",
        "    if names:\n",
        (
            "tests/workflows/test_drift_lifted.py::test_a_lift_that_opens_another_role_ends_with_an_alert",
        ),
    ),
    Bug(
        "a roster adds approvers whom the catalog does not name",
        "workflows/panel.py",
        "    return tuple(one for one in role.approvers if one in on_duty)\n",
        "    return tuple(sorted(on_duty))\n",
        (
            "tests/workflows/test_panel.py::test_a_roster_selects_among_the_approvers_and_adds_nobody",
        ),
    ),
    Bug(
        "while PagerDuty is down its last word counts for whoever clicks",
        "workflows/access/deciding.py",
        "    return found.able\n",
        "    return (*found.able, *role.approvers)\n",
        ("tests/bot/test_rosters.py::test_a_group_that_slack_does_not_know_leaves_the_fallback",),
    ),
    Bug(
        "a rule is not asked again at the opening",
        _ASKED,
        "        access.rule_holds(catalog, row, beforehand[0].by, now=now)",
        "        pass",
        ("tests/workflows/test_auto_approve.py",),
    ),
    Bug(
        "a rule approves what somebody has to judge",
        "workflows/look/__init__.py",
        "if not findings.to_judge(found.findings):",
        "if found.findings is not None:",
        ("tests/workflows/test_auto_approve.py",),
    ),
    Bug(
        "glass is broken twice before the first use is signed",
        "workflows/access/glass.py",
        "        if review.signed_at is None:",
        "        if review.request_id is None:",
        ("tests/workflows/test_break_glass.py",),
    ),
    Bug(
        "the review is signed under a second address",
        "workflows/access/glass.py",
        "    if is_he or rules.same_person(by, requester):",
        "    if by.user == row.requester:",
        ("tests/workflows/test_break_glass.py",),
    ),
    Bug(
        "break-glass is not asked again at the opening",
        _ASKED,
        "        access.glass_holds(catalog, row)",
        "        pass",
        ("tests/workflows/test_break_glass.py",),
    ),
    Bug(
        "a client that is shared signs with its newest session's keys",
        "workflows/aws/signing.py",
        "        self._client, self._keys = client, keys\n\n",
        "        self._client, client.newest = client, keys\n\n"
        "    @property\n"
        "    def _keys(self) -> ReadOnlyCredentials:\n"
        "        return self._client.newest\n\n",
        ("tests/workflows/test_signing.py",),
    ),
    Bug(
        "another's session is counted",
        _ACTIVITY,
        "    if call.caller != trace.session:",
        "    if not call.caller.startswith(trace.role_id):",
        ("tests/workflows/activity/test_own.py",),
    ),
    Bug(
        "a session under the same name is counted",
        _ACTIVITY,
        "if _is_ours(trace, one) and one.key not in others)",
        "if _is_ours(trace, one) and one.key not in ())",
        ("tests/workflows/activity/test_own.py",),
    ),
    Bug(
        "the session of the grant before is counted",
        _ACTIVITY,
        "    return trace.open_since <= began < trace.open_until",
        "    return began < trace.open_until",
        ("tests/workflows/activity/test_own.py",),
    ),
    *IN_THE_TERMINAL,
    *OF_THE_LOG,
)
