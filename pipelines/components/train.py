"""Second component: fit the challenger and the linear baseline on the train split."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def train(
    *,
    project: str,
    job: str,
    models_bucket: str,
    seed: int,
    snapshot: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
) -> None:
    from pathlib import Path

    import joblib
    import pyarrow.parquet as pq

    from pipelines.repeat_purchase import model as models
    from pipelines.repeat_purchase.job import recording_failure
    from pipelines.repeat_purchase.store import open_store

    with recording_failure(open_store(project), models_bucket, job, "train"):
        table = pq.read_table(f"{snapshot.path}/train.parquet")
        Path(model.path).mkdir(parents=True, exist_ok=True)
        challenger = models.fit_boosting(table, seed)
        joblib.dump(challenger, f"{model.path}/model.joblib")
        joblib.dump(models.fit_logistic(table), f"{model.path}/logistic.joblib")
        model.metadata["features"] = challenger["features"]
        model.metadata["framework"] = "scikit-learn"
