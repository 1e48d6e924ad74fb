"""How data flows: variables, JSONata, intrinsic functions, the context object."""

from typing import Any

import pytest
from machines import Machines, single


def test_jsonpath_variables_are_assigned_and_read(machines: Machines) -> None:
    second = {"Type": "Pass", "Parameters": {"x.$": "$v", "y.$": "States.MathAdd($w, 1)"}, "End": True}
    ended = machines.run(
        single({"Type": "Pass", "Assign": {"v.$": "$.a", "w": 2}, "Next": "B"}, B=second), {"a": 7}
    )
    assert ended.output == {"x": 7, "y": 3}


def test_jsonata_drives_arguments_output_variables_and_choices(machines: Machines) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": machines.function,
            "Payload": {"n": "{% $n %}", "s": "{% $states.input.s %}"},
        },
        "Output": "{% $states.result.Payload.in %}",
        "Next": "C",
    }
    choice = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $n = 8 and $states.input.s = 6 %}", "Next": "S"}],
        "Default": "F",
    }
    first = {
        "Type": "Pass",
        "Assign": {"n": "{% $states.input.a + 1 %}"},
        "Output": {"s": "{% $sum($states.input.l) %}"},
        "Next": "T",
    }
    states = {"A": first, "T": task, "C": choice, "S": {"Type": "Succeed"}, "F": {"Type": "Fail"}}
    ended = machines.run(
        {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}, {"a": 7, "l": [1, 2, 3]}
    )
    assert ended.output == {"n": 8, "s": 6}


INTRINSICS = {
    "States.Format('{}-{}', $.a, 'x')": "A-x",
    "States.StringToJson($.js)": {"q": 1},
    "States.JsonToString($.o)": '{"x":1}',
    "States.Array(1, $.a)": [1, "A"],
    "States.ArrayPartition($.l, 2)": [[1, 2], [3]],
    "States.ArrayContains($.l, 2)": True,
    "States.ArrayRange(1, 5, 2)": [1, 3, 5],
    "States.ArrayGetItem($.l, 1)": 2,
    "States.ArrayLength($.l)": 3,
    "States.ArrayUnique($.l2)": [1, 2],
    "States.Hash($.a, 'SHA-256')": "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
    "States.Base64Encode($.a)": "QQ==",
    "States.JsonMerge($.o, $.o2, false)": {"x": 1, "y": 2},
    "States.MathAdd(1, 2)": 3,
    "States.StringSplit('a/b/c', '/')": ["a", "b", "c"],
    "States.ArrayGetItem(States.StringSplit($.k, '/'), 1)": "pic.png",
}


def test_intrinsic_functions_compute_what_their_documentation_says(machines: Machines) -> None:
    parameters = {f"r{number}.$": call for number, call in enumerate(INTRINSICS)}
    given = {
        "a": "A",
        "js": '{"q":1}',
        "o": {"x": 1},
        "o2": {"y": 2},
        "l": [1, 2, 3],
        "l2": [1, 1, 2],
        "k": "uploads/pic.png",
    }
    ended = machines.run(
        single({"Type": "Pass", "Parameters": {**parameters, "id.$": "States.UUID()"}, "End": True}), given
    )
    assert {call: ended.output[f"r{number}"] for number, call in enumerate(INTRINSICS)} == INTRINSICS
    assert len(ended.output["id"]) == 36


def test_the_context_object_tells_execution_machine_and_state(machines: Machines) -> None:
    fields = {
        "id": "Execution.Id",
        "name": "Execution.Name",
        "started": "Execution.StartTime",
        "role": "Execution.RoleArn",
        "redrives": "Execution.RedriveCount",
        "machine": "StateMachine.Name",
        "state": "State.Name",
        "entered": "State.EnteredTime",
    }
    parameters = {f"{name}.$": f"$$.{path}" for name, path in fields.items()}
    state = {"Type": "Pass", "Parameters": parameters, "ResultPath": "$.ctx", "End": True}
    ended = machines.run(single(state), {"keep": 1})
    assert ended.output["keep"] == 1
    context = ended.output["ctx"]
    assert (context["id"], context["state"], context["role"]) == (ended.arn, "A", machines.role)
    assert context["redrives"] == 0


EXPRESSIONS: dict[str, Any] = {
    "$states.input.quoted": 'a "b" \\ c',
    "$states.input.key & '!'": "a b+c%20é/ü.jpg!",
    "$pad($states.input.n, -6, '0')": "000007",
    "$states.input.nothing": None,
    "$parse('{\"x\": [1, null]}').x": [1, None],
    "$hash('A', 'SHA-256')": "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
    "$partition([1..5], 2)": [[1, 2], [3, 4], [5]],
    "$range(1, 7, 3)": [1, 4, 7],
    "[$map([1], function($v) { $v + 1 })]": [2],
    "6 / 2": 3,
    "$length($uuid())": 36,
    "$random() < 1": True,
    "{'list': []}": {"list": []},
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_jsonata_gives_the_value_that_its_documentation_says(machines: Machines, expression: str) -> None:
    state = {"Type": "Pass", "Output": {"value": f"{{% {expression} %}}"}, "End": True}
    given = {"quoted": 'a "b" \\ c', "key": "a b+c%20é/ü.jpg", "n": "7", "nothing": None}
    ended = machines.run({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}, given)
    assert (ended.status, ended.output) == ("SUCCEEDED", {"value": EXPRESSIONS[expression]})


@pytest.mark.parametrize("expression", ["$states.input.gone", "$number('x')", "$sum"])
def test_an_expression_without_a_json_result_is_an_evaluation_error(
    machines: Machines, expression: str
) -> None:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
    ended = machines.run({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}})
    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")


def test_strings_with_quotes_survive_as_variables(machines: Machines) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"v": "{% $states.input.q %}"}, "Next": "B"},
        "B": {"Type": "Pass", "Output": "{% $v %}", "End": True},
    }
    ended = machines.run(
        {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}, {"q": 'it\'s "so" \\n'}
    )
    assert ended.output == 'it\'s "so" \\n'
