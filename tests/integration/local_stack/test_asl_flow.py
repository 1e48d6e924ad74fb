"""Choices, waits and branches of the States Language."""

from pathlib import Path

from machines import CAUGHT, Machines, single

YES = {"Type": "Pass", "Result": "yes", "End": True}


def test_a_choice_compares_matches_and_combines(machines: Machines) -> None:
    rule = {
        "And": [
            {"Variable": "$.k", "StringMatches": "*.png"},
            {"Variable": "$.n", "NumericGreaterThan": 3},
            {"Not": {"Variable": "$.zz", "IsPresent": True}},
            {"Variable": "$.nul", "IsNull": True},
        ],
        "Next": "C",
    }
    choice = {"Type": "Choice", "Choices": [rule], "Default": "F"}
    ended = machines.run(single(choice, C=YES, F={"Type": "Fail"}), {"k": "a/b.png", "n": 4, "nul": None})
    assert ended.output == "yes"


def test_a_choice_on_a_path_that_is_not_there_fails(machines: Machines) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.nope", "StringEquals": "x", "Next": "C"}],
        "Default": "C",
    }
    ended = machines.run(single(choice, C={"Type": "Succeed"}))
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_branches_run_at_once_and_answer_in_order(machines: Machines, tmp_path: Path) -> None:
    # Each waits until all three have been called.
    meet = {"folder": str(tmp_path), "calls": 3}
    branches = [{"StartAt": "X", "States": {"X": machines.task({"meet": meet, "i": i})}} for i in range(3)]
    ended = machines.run(single({"Type": "Parallel", "Branches": branches, "End": True}))
    assert [answer["in"]["i"] for answer in ended.output] == [0, 1, 2]


def test_a_failed_branch_fails_the_parallel_with_its_own_error(machines: Machines) -> None:
    branches = [
        {"StartAt": "X", "States": {"X": machines.task({"raise": "ThumbError"})}},
        {"StartAt": "Y", "States": {"Y": {"Type": "Pass", "End": True}}},
    ]
    catch = [{"ErrorEquals": ["ThumbError"], "Next": "C"}]
    ended = machines.run(
        single({"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True}, C=CAUGHT)
    )
    assert ended.output["Error"] == "ThumbError"


def test_wait_takes_seconds_from_the_definition_or_the_input(machines: Machines) -> None:
    second = {"Type": "Wait", "SecondsPath": "$.s", "End": True}
    ended = machines.run(single({"Type": "Wait", "Seconds": 1, "Next": "B"}, B=second), {"s": 1})
    assert ended.status == "SUCCEEDED"
    assert ended.seconds >= 2
