"""Invocations against a real BigQuery server: order, increments, failures, cancels, restarts."""

from __future__ import annotations

from google.cloud import dataform_v1

from laptop.tests.dataform.conftest import Cloud


def _target(name: str, schema: str) -> dataform_v1.Target:
    return dataform_v1.Target(database="demo-proj", schema=schema, name=name)


def test_every_action_runs_after_what_it_leans_on(cloud: Cloud) -> None:
    repository = cloud.repository()
    name = cloud.invoke(repository, cloud.compile(repository, "10", "first").name)
    assert cloud.wait(name) == "SUCCEEDED", cloud.reasons(name)
    assert set(cloud.states(name).values()) == {"SUCCEEDED"}
    assert cloud.rows("SELECT sku FROM first.kept") == [("a",), ("b",)]
    assert cloud.rows("SELECT * FROM first.after_check") == [(2,)]
    ends = {action.target.name: action.invocation_timing for action in cloud.actions(name)}
    assert ends["prices"].end_time.ToNanoseconds() <= ends["dear_prices"].start_time.ToNanoseconds()
    assert cloud.warehouse.get_table("first.prices").description == "Prices of the batch."
    assert cloud.warehouse.get_table("first.prices").schema[0].description == "Article."


def test_a_replayed_batch_changes_nothing_and_the_next_one_adds(cloud: Cloud) -> None:
    repository = cloud.repository()
    for batch in ("10", "10", "11"):
        assert cloud.wait(cloud.invoke(repository, cloud.compile(repository, batch, "grown").name)) == "SUCCEEDED"
    assert cloud.rows("SELECT batch, COUNT(*) FROM grown.deliveries GROUP BY batch") == [(10, 2), (11, 2)]
    assert cloud.rows("SELECT sku, cents FROM grown.latest") == [("a", 11), ("b", 20)]


def test_a_full_refresh_builds_an_incremental_table_again(cloud: Cloud) -> None:
    repository = cloud.repository()
    for batch, fresh in (("10", False), ("11", True)):
        compiled = cloud.compile(repository, batch, "refreshed").name
        cloud.wait(cloud.invoke(repository, compiled, fully_refresh_incremental_tables_enabled=fresh))
    assert cloud.rows("SELECT DISTINCT batch FROM refreshed.deliveries") == [(11,)]


def test_what_leans_on_a_failure_is_skipped_and_the_rest_runs(cloud: Cloud) -> None:
    repository = cloud.repository()
    name = cloud.invoke(repository, cloud.compile(repository, "-1", "negative").name)
    assert cloud.wait(name) == "FAILED"
    states = cloud.states(name)
    assert states["prices_are_positive"] == "FAILED"
    assert states["after_check"] == "SKIPPED"
    assert states["kept"] == "SUCCEEDED"
    assert any("1 rows, expected none" in reason for reason in cloud.reasons(name))


def test_tags_select_actions_and_dependencies_join_when_asked(cloud: Cloud) -> None:
    repository = cloud.repository()
    compiled = cloud.compile(repository, "10", "tagged").name
    alone = cloud.invoke(repository, compiled, included_tags=["base"])
    cloud.wait(alone)
    assert set(cloud.states(alone)) == {"prices", "dear_prices"}
    target = _target("after_check", "tagged")
    whole = cloud.invoke(repository, compiled, included_targets=[target], transitive_dependencies_included=True)
    cloud.wait(whole)
    assert set(cloud.states(whole)) == {"prices", "deliveries", "prices_are_positive", "after_check"}


def test_two_invocations_run_side_by_side(cloud: Cloud) -> None:
    repository = cloud.repository()
    compiled = [cloud.compile(repository, "10", schema).name for schema in ("left", "right")]
    names = [cloud.invoke(repository, compilation) for compilation in compiled]
    assert [cloud.wait(name) for name in names] == ["SUCCEEDED", "SUCCEEDED"]
    assert cloud.rows("SELECT * FROM `left`.after_check") == cloud.rows("SELECT * FROM `right`.after_check") == [(2,)]


def test_a_cancelled_invocation_ends_cancelled(cloud: Cloud) -> None:
    repository = cloud.repository()
    name = cloud.invoke(repository, cloud.compile(repository, "10", "stopped").name)
    cloud.client.cancel_workflow_invocation(request=dataform_v1.CancelWorkflowInvocationRequest(name=name))
    assert cloud.wait(name) == "CANCELLED"
    assert "CANCELLED" in cloud.states(name).values()
    assert "PENDING" not in cloud.states(name).values()
    assert "RUNNING" not in cloud.states(name).values()
