from sandbox.slack.values import GENERAL
from sandbox.slack.workspace import Person, Workspace


def test_stamps_of_one_moment_differ_and_follow_a_clock_that_goes_back() -> None:
    moment = 1_700_000_000.5
    workspace = Workspace(lambda: moment)
    stamps = [workspace.stamp() for _ in range(3)]
    moment = 1_600_000_000.0

    assert stamps == ["1700000000.500000", "1700000000.500001", "1700000000.500002"]
    assert workspace.stamp() == "1600000000.000000"


def test_full_members_alone_are_in_general() -> None:
    workspace = Workspace(lambda: 0.0)
    workspace.add(Person("UFULL", "full", "Full", None))
    workspace.add(Person("UGUEST", "guest", "Guest", None, is_restricted=True))
    workspace.add(Person("UFAR", "far", "Far", None, team_id="TFAR", is_stranger=True))

    assert workspace.channels[GENERAL].members == {"UFULL"}
