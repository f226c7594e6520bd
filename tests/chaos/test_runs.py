"""The list of runs: every name can be repeated, every sample too."""

from collections import Counter

import pytest

from tests.chaos.page import Table, written
from tests.chaos.runs import Phase, Place, Run, Way, What, When, batches, every, mixed
from tests.chaos.work import Result

COUNTS = {
    (way, phase): Counter(
        {"iam:GetRole": 2, "iam:PutRolePolicy": 1, "commit:workflows.settle.role._note": 1}
    )
    for way in Way
    for phase in Phase
}
RUNS = list(every(COUNTS))


def test_every_run_has_a_name_that_is_read_back() -> None:
    assert [Run.parse(str(run)) for run in RUNS] == RUNS
    assert len({str(run) for run in RUNS}) == len(RUNS)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "allow-group",
        "allow-group opening kill after iam:GetRole 0",
        "allow-group opening kill at iam:GetRole 1",
        "allow-group opening Throttling before iam:GetRole 1",
    ],
)
def test_what_is_no_run_is_told_how_one_looks(name: str) -> None:
    with pytest.raises(ValueError, match="iam:PutRolePolicy 1"):
        Run.parse(name)


def test_a_kill_is_tried_before_and_after_every_call_and_commit() -> None:
    places = {run.place for run in RUNS if run.what is What.KILL and run.way is Way.DENY}

    assert places == {
        Place(when, label, number)
        for when in (When.BEFORE, When.AFTER)
        for label, number in (
            ("iam:GetRole", 1),
            ("iam:GetRole", 2),
            ("iam:PutRolePolicy", 1),
            ("commit:workflows.settle.role._note", 1),
        )
    }


def test_every_answer_of_aws_is_tried_at_a_write() -> None:
    answers = {run.what for run in RUNS if run.place.label == "iam:PutRolePolicy"}

    assert {what for what in What if what.is_answer} <= answers


def test_the_same_seed_gives_the_same_sample_and_another_seed_another_one() -> None:
    assert mixed(RUNS, seed=3) == mixed(RUNS, seed=3)
    assert mixed(RUNS, seed=3) != mixed(RUNS, seed=4)
    assert Counter(mixed(RUNS, seed=3)) == Counter(RUNS)


def test_a_sample_tries_each_cell_of_the_table_before_any_cell_twice() -> None:
    cells = {(run.way, run.phase, run.what) for run in RUNS}
    first = mixed(RUNS, seed=3)[: len(cells)]

    assert {(run.way, run.phase, run.what) for run in first} == cells


def test_runs_share_a_house_only_with_their_like() -> None:
    made = batches(mixed(RUNS, seed=3), size=4)

    assert Counter(run for batch in made for run in batch) == Counter(RUNS)
    assert max(map(len, made)) == 4
    for batch in made:
        assert len({(run.way, run.two_processes) for run in batch}) == 1


def test_the_page_counts_what_failed_and_says_which() -> None:
    results = [Result(run, 1.0, reached=True) for run in RUNS[1:]]
    failed = Result(RUNS[0], 1.0, reached=True, wrong="Wrong: alice is still in")

    page = written(Table(COUNTS, [failed, *results], len(RUNS), 600.0, 900.0, 4, 2, seed=1))

    assert f"{len(RUNS):,} runs, 1 of them failed" in page
    assert f"`{RUNS[0]}`: Wrong: alice is still in" in page
    assert "{" not in page
    assert "This is a sample" not in page


def test_a_page_of_a_sample_says_that_it_is_one() -> None:
    results = [Result(run, 1.0, reached=True) for run in RUNS[:5]]

    page = written(Table(COUNTS, results, len(RUNS), 600.0, 900.0, 4, 2, seed=1))

    assert f"5 runs, none failed.** This is a sample of the {len(RUNS):,}" in page
