"""Fourth component: decide, once for each job, whether the challenger becomes champion."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def gate(
    *,
    project: str,
    job: str,
    models_bucket: str,
    seed: int,
    bootstrap_samples: int,
    evaluation: dsl.Input[dsl.Artifact],
) -> bool:
    import dataclasses
    import json

    import numpy as np

    from pipelines.repeat_purchase.gate import decide
    from pipelines.repeat_purchase.job import job_uri, recording_failure
    from pipelines.repeat_purchase.metrics import bootstrap_differences
    from pipelines.repeat_purchase.store import open_store, read_path

    store = open_store(project)
    with recording_failure(store, models_bucket, job, "gate"):
        record = json.loads(read_path(evaluation.path, "evaluation.json"))
        lower_bound = None
        with np.load(f"{evaluation.path}/scores.npz") as scores:
            if "champion" in scores:
                rankings = scores["labels"], scores["challenger"], scores["champion"]
                lower_bound = float(np.quantile(bootstrap_differences(*rankings, bootstrap_samples, seed), 0.025))
        decision = decide(auc=record["auc"], auc_recency=record["auc_recency"], lower_bound=lower_bound)
        # A job that is run again after it promoted would meet itself as champion: the first decision stands.
        standing = store.create_json(job_uri(models_bucket, job, "decision.json"), dataclasses.asdict(decision))
        return bool(standing["promote"])
