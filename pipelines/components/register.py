"""Fifth component: the challenger enters the registry with its card; the gate's word moves `champion`."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register(
    *,
    project: str,
    location: str,
    job: str,
    batch: int,
    models_bucket: str,
    image: str,
    promote: bool,
    snapshot: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
) -> str:
    import json

    from pipelines.repeat_purchase import card as cards
    from pipelines.repeat_purchase.job import MODEL, job_uri, make_outcome, recording_failure
    from pipelines.repeat_purchase.registry import open_registry
    from pipelines.repeat_purchase.store import open_store, read_path

    store = open_store(project)
    with recording_failure(store, models_bucket, job, "register"):
        record = json.loads(read_path(evaluation.path, "evaluation.json"))
        decision = store.require_json(job_uri(models_bucket, job, "decision.json"))
        artifact_uri = f"gs://{models_bucket}/{MODEL}/{job}"
        saved = read_path(model.path, "model.joblib")
        store.create(f"{artifact_uri}/model.joblib", saved, "application/octet-stream")
        registry = open_registry(project, location)
        version = registry.register(
            job=job,
            artifact_uri=artifact_uri,
            image=image,
            labels={"batch": str(batch)},
            description=f"AUC {record['auc']:.4f}; snapshot {snapshot.metadata['sha256']}",
        )
        if promote:
            registry.promote(version)
        lineage = cards.trace_lineage(snapshot.metadata, artifact_uri)
        card = cards.make_card(
            job=job, batch=batch, version=version, lineage=lineage, evaluation=record, decision=decision
        )
        store.create_json(f"{artifact_uri}/card.json", card)
        store.create(f"{artifact_uri}/card.md", cards.write_markdown(card).encode(), "text/markdown")
        outcome = make_outcome(promote=promote, reason=decision["reason"], version=version, evaluation=record)
        store.create_json(job_uri(models_bucket, job, "outcome.json"), outcome)
        return version
