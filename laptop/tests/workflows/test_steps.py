import pytest

from laptop.tests.workflows.rig import Recorder, run, status
from laptop.workflows.errors import WorkflowError, tagged

GET = "call: http.get\n        args: {url: http://localhost/}\n        result: r"


def retried(policy: str, answers: list[object]) -> Recorder:
    recorder = Recorder(answers)
    run(f"- a:\n    try:\n        {GET}\n    retry: {policy}", recorder=recorder)
    return recorder


def test_switch_takes_the_first_true_condition_and_skips_the_rest() -> None:
    source = """
- s:
    switch:
      - condition: ${1 > 2}
        return: a
      - condition: true
        next: c
- b: {return: b}
- c: {return: c}
"""
    assert run(source) == "c"


def test_a_loop_breaks_continues_and_keeps_outer_variables() -> None:
    source = """
- a: {assign: [{sum: 0}]}
- l:
    for:
      value: v
      index: i
      range: [1, 9]
      steps:
        - skip: {switch: [{condition: "${v % 2 == 0}", next: continue}, {condition: "${v > 5}", next: break}]}
        - add: {assign: [{sum: "${sum + v * 10 + i}"}]}
- r: {return: "${sum}"}
"""
    assert run(source) == 96


def test_a_variable_first_set_inside_a_loop_ends_with_it() -> None:
    source = "- l: {for: {value: v, in: [1], steps: [{s: {assign: [{x: 1}]}}]}}\n- r: {return: '${x}'}"
    with pytest.raises(WorkflowError, match="variable not found: x"):
        run(source)


def test_parallel_iterations_write_only_shared_variables() -> None:
    loop = "{value: v, in: [1, 2, 3], steps: [{s: {assign: [{sum: '${sum + v}'}]}}]}"
    source = "- a: {{assign: [{{sum: 0}}]}}\n- p: {{parallel: {{{shared}for: {loop}}}}}\n- r: {{return: '${{sum}}'}}"
    assert run(source.format(shared="shared: [sum], ", loop=loop)) == 6
    with pytest.raises(WorkflowError) as caught:
        run(source.format(shared="", loop=loop))
    assert caught.value.tags == ["UnhandledBranchError"]


def test_a_subworkflow_takes_defaults_and_is_called_from_expressions() -> None:
    source = """
main: {params: [a], steps: [{r: {return: "${add(a.x) + add(a.x, 10)}"}}]}
add: {params: [x, {y: 1}], steps: [{r: {return: "${x + y}"}}]}
"""
    assert run(source, {"x": 1}) == 13


def test_endless_recursion_and_endless_steps_are_stopped() -> None:
    with pytest.raises(WorkflowError, match="RecursionError"):
        run("main: {steps: [{a: {call: main}}]}")
    with pytest.raises(WorkflowError, match="more than 100000 steps"):
        run("- a: {next: a}")


def test_variables_over_512_kilobytes_are_refused() -> None:
    source = "- a: {assign: [{s: '0123456789abcdef'}, {l: []}]}\n- b: {assign: [{l: '${list.concat(l, s)}'}, {s: '${s + s}'}]}\n"
    with pytest.raises(WorkflowError, match="ResourceLimitError"):
        run(source + "- c: {next: b}")


def test_a_nested_item_is_assigned_in_a_copy() -> None:
    source = (
        "- a: {assign: [{m: {l: [1]}}, {n: '${m}'}, {'n.l[0]': 2}, {'n[\"k\"]': 3}]}\n- r: {return: ['${m}', '${n}']}"
    )
    assert run(source) == [{"l": [1]}, {"l": [2], "k": 3}]


def test_an_error_is_caught_with_its_map() -> None:
    source = f"- a:\n    try:\n        {GET}\n    except: {{as: e, steps: [{{r: {{return: '${{e.code}}'}}}}]}}"
    assert run(source, recorder=Recorder([status(404)])) == 404


def test_the_default_policy_retries_with_growing_waits() -> None:
    assert retried("${http.default_retry}", [status(503), status(502), {"code": 200}]).slept == [1.0, 1.25]
    with pytest.raises(WorkflowError):
        retried("${http.default_retry}", [status(500)])


def test_the_non_idempotent_policy_never_retries_what_may_have_been_done() -> None:
    for error in (status(502), status(504), tagged("TimeoutError", "late"), tagged("ConnectionError", "cut")):
        with pytest.raises(WorkflowError):
            retried("${http.default_retry_non_idempotent}", [error])
    assert len(retried("${http.default_retry_non_idempotent}", [status(429), {}]).slept) == 1


def test_a_custom_predicate_and_backoff_are_followed() -> None:
    recorder = Recorder([status(418), status(418), {}])
    policy = "{predicate: '${teapot}', max_retries: 2, backoff: {initial_delay: 2, max_delay: 3, multiplier: 2}}"
    main = f"main:\n  steps:\n  - a:\n      try: {{call: http.get, args: {{url: u}}}}\n      retry: {policy}\n"
    run(main + "teapot: {params: [e], steps: [{r: {return: '${e.code == 418}'}}]}", recorder=recorder)
    assert recorder.slept == [2, 3]
