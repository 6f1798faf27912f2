"""Third component: score the test split by challenger, champion and baselines; refuse what is too good to be true."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(
    *,
    project: str,
    location: str,
    job: str,
    models_bucket: str,
    truth_uri: str,
    snapshot: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    import json
    from pathlib import Path

    import pyarrow.parquet as pq

    from pipelines.repeat_purchase import evaluation as evaluations
    from pipelines.repeat_purchase.job import only_finite, recording_failure
    from pipelines.repeat_purchase.registry import open_registry
    from pipelines.repeat_purchase.scoring import score_test, write_rankings
    from pipelines.repeat_purchase.store import open_store

    store = open_store(project)
    with recording_failure(store, models_bucket, job, "evaluate"):
        table = pq.read_table(f"{snapshot.path}/test.parquet")
        labels = table.column("label").to_numpy()
        folder = Path(evaluation.path)
        folder.mkdir(parents=True, exist_ok=True)
        champion, saved = open_registry(project, location).find_champion(), None
        if champion is not None:
            saved = store.read(f"{champion.artifact_uri}/model.joblib")
            (folder / "champion.joblib").write_bytes(saved)
        scores = score_test(table, model.path, saved)
        record = evaluations.evaluate(labels, scores)
        if champion is not None:
            record["champion_version"] = str(champion.version_id)
        if truth_uri:
            truth = evaluations.read_truth(store, truth_uri, table.column("cutoff_at")[0].as_py())
            record |= evaluations.hold_against_limit(table, scores.challenger, truth)
        (folder / "evaluation.json").write_text(json.dumps(record))
        write_rankings(folder / "scores.npz", labels, scores)
        for name, value in only_finite(record).items():
            metrics.log_metric(name, value)
