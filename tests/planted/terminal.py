"""Bugs in what is run from the terminal: setup, verify, the doctor, the import."""

from typing import Final

from tests.planted.bug import Bug

_RIGHTS: Final = "workflows/setup/rights.py"
_FINDINGS: Final = "tests/workflows/doctor/test_findings.py"
_FORBIDDEN: Final = "tests/workflows/setup/test_forbidden.py"
_VERIFY: Final = "tests/workflows/verify"

IN_THE_TERMINAL: Final = (
    Bug(
        "the grantee account's manager role moves people into any group",
        _RIGHTS,
        '*([_allow("Membership", moves, held)] if held else []),',
        '_allow("Membership", moves, ["*"]),',
        (_FORBIDDEN,),
    ),
    Bug(
        "an owner account's manager role opens any role",
        _RIGHTS,
        'statements.append(_allow("Trust", ["iam:UpdateAssumeRolePolicy"], made))',
        'statements.append(_allow("Trust", ["iam:UpdateAssumeRolePolicy"], ["*"]))',
        (_FORBIDDEN,),
    ),
    Bug(
        "anybody of the bot's account enters a manager role without its external id",
        _RIGHTS,
        'condition["StringEquals"] = {"sts:ExternalId": external_id}',
        'condition["StringLike"]["sts:ExternalId"] = "*"',
        (_FORBIDDEN,),
    ),
    Bug(
        "verify takes what AWS does not say for a refusal",
        "workflows/verify/finding.py",
        "        if unknown:\n",
        "        if unknown and word != 'refused':\n",
        (f"{_VERIFY}/test_judging.py",),
    ),
    Bug(
        "verify takes a call that reaches nothing for a refusal",
        "workflows/verify/asking.py",
        '        return Answer(what, Outcome.ALLOWED, "AWS let it through to what is not there")\n',
        "        return Answer(what, Outcome.REFUSED)\n",
        ("tests/bot/test_setup_verify_faults.py",),
    ),
    Bug(
        "a statement under xacct's name that never ends is believed",
        "workflows/documents/ours.py",
        "        and text.ends(condition) is not None\n",
        "",
        ("tests/workflows/doctor/test_findings.py",),
    ),
    Bug(
        "verify's own sessions may do what the role may",
        "workflows/aws/hands.py",
        "        policy: str | None = NOTHING,\n",
        "        policy: str | None = None,\n",
        (f"{_VERIFY}/test_live.py",),
    ),
    Bug(
        "verify leaves its throw-away role after a fault",
        "workflows/verify/live.py",
        "    finally:\n        found += _taken_away(stage)\n",
        "    else:\n        found += _taken_away(stage)\n",
        (f"{_VERIFY}/test_live.py",),
    ),
    Bug(
        "setup forgets a right that lending takes",
        _RIGHTS,
        '        reads = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"]\n',
        '        reads = ["iam:GetRole", "iam:GetRolePolicy"]\n',
        ("tests/bot/test_setup_verify.py",),
    ),
    Bug(
        "what the doctor could not read passes for right",
        "workflows/doctor/owner.py",
        "    found = list(unread(left))\n",
        "    found = list(unread({}))\n",
        (f"{_FINDINGS}::test_a_role_that_aws_refuses_though_xacct_may_read_it_is_not_there",),
    ),
    Bug(
        "the doctor passes over a role that may enter itself",
        "workflows/doctor/owner.py",
        "    if not trust.is_sealed(document, catalog.installation, role_arn=role.arn):\n",
        "    if not trust.seals(document) and not text.statements(document):\n",
        (f"{_FINDINGS}::test_a_seal_that_is_gone_is_told_apart_from_a_role_that_may_enter_itself",),
    ),
    Bug(
        "the doctor's connection can write",
        "db/examine.py",
        'how = "mode=ro" if is_open else "immutable=1"',
        'how = "mode=rw" if is_open else "mode=rw"',
        ("tests/db/test_examine.py::test_nothing_can_be_written_through_it[sqlite]",),
    ),
    Bug(
        "the doctor shows a secret",
        "bot/doctor/cli.py",
        'text = text.replace(secret, "***")',
        "text = text.replace(secret, secret)",
        ("tests/bot/test_doctor.py::test_no_secret_is_shown_though_a_sentence_would_hold_it",),
    ),
    Bug(
        "an imported role may be asked for by whom the defaults name",
        "workflows/intake/take.py",
        '    said["requesters"] = list[str]()\n',
        "",
        ("tests/workflows/intake/test_take.py",),
    ),
    Bug(
        "an import is written though the catalog would have mistakes",
        "workflows/intake/take.py",
        "    whole = _loaded(made)\n",
        "    whole = wider\n",
        ("tests/workflows/intake/test_take.py",),
    ),
    Bug(
        "what was added to a catalog is not read back",
        "workflows/catalog/inserting.py",
        "    if not is_so:\n",
        "    if not (is_so or before):\n",
        ("tests/workflows/catalog/test_inserting.py",),
    ),
    Bug(
        "an id in a folded cell is not masked",
        "bot/terminal/masking.py",
        "super().render_str(hidden(text), **options)",
        "super().render_str(text, **options)",
        ("tests/bot/test_masking.py",),
    ),
)
