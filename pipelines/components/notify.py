"""Exit task: states how the job ended, whether its other tasks succeeded or not."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def notify(
    *,
    project: str,
    job: str,
    batch: int,
    dataset_version: str,
    models_bucket: str,
    events_topic: str,
    correlation_id: str,
    causation_id: str,
    replay_of: str,
    status: dsl.PipelineTaskFinalStatus,
) -> None:
    from datetime import UTC, datetime

    from pipelines.repeat_purchase import announcement
    from pipelines.repeat_purchase.job import job_uri
    from pipelines.repeat_purchase.store import open_store

    store = open_store(project)
    data = announcement.make_data(
        job=job,
        batch=batch,
        dataset_version=dataset_version,
        succeeded=status.state == "SUCCEEDED",
        outcome=store.read_json(job_uri(models_bucket, job, "outcome.json")),
        failure=store.read_json(job_uri(models_bucket, job, "failure.json")),
        message=status.error_message or "",
    )
    attributes = announcement.make_attributes(
        job=job,
        correlation_id=correlation_id,
        causation_id=causation_id,
        replay_of=replay_of,
        time=datetime.now(UTC),
    )
    announcement.publish(project, events_topic, data, attributes)
