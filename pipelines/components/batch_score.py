"""Sixth component: the champion, new or old, scores today's customers."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def batch_score(
    *,
    project: str,
    job: str,
    batch: int,
    models_bucket: str,
    promote: bool,
    version: str,
    snapshot: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
) -> str:
    import io
    import json
    from pathlib import Path

    import joblib
    import pyarrow as pa
    import pyarrow.parquet as pq

    from pipelines.repeat_purchase import model as models
    from pipelines.repeat_purchase.job import recording_failure
    from pipelines.repeat_purchase.store import open_store, read_path

    store = open_store(project)
    with recording_failure(store, models_bucket, job, "batch_score"):
        champion = Path(f"{model.path}/model.joblib" if promote else f"{evaluation.path}/champion.joblib")
        if not champion.exists():
            print("no champion yet: nothing to score with")  # noqa: T201 - a task's log is its stdout
            return ""
        scorer = version if promote else json.loads(read_path(evaluation.path, "evaluation.json"))["champion_version"]
        table = pq.read_table(f"{snapshot.path}/score.parquet")
        scores = models.predict(joblib.load(champion), table)
        predictions = table.select(["customer_id", "cutoff_at"])
        predictions = predictions.append_column("probability", pa.array(scores))
        predictions = predictions.append_column("model_version", pa.array([scorer] * table.num_rows))
        buffer = io.BytesIO()
        pq.write_table(predictions, buffer, coerce_timestamps="us")
        uri = f"gs://{models_bucket}/scores/batch={batch}/{job}.parquet"
        store.create(uri, buffer.getvalue(), "application/vnd.apache.parquet")
        return uri
