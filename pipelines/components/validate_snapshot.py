"""First component: fetch the snapshot, hash it, refuse what breaks its contract."""

from kfp import dsl

from pipelines.components import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def validate_snapshot(
    *,
    project: str,
    job: str,
    models_bucket: str,
    snapshot_uri: str,
    dataset_version: str,
    snapshot: dsl.Output[dsl.Dataset],
) -> None:
    from pathlib import Path

    import pyarrow.parquet as pq

    from pipelines.repeat_purchase import snapshot as snapshots
    from pipelines.repeat_purchase.job import recording_failure
    from pipelines.repeat_purchase.store import open_store

    store = open_store(project)
    with recording_failure(store, models_bucket, job, "validate_snapshot"):
        files = {split: snapshots.download_split(store, snapshot_uri, split) for split in snapshots.SPLITS}
        tables = snapshots.require_sound({split: snapshots.join_files(found) for split, found in files.items()})
        Path(snapshot.path).mkdir(parents=True, exist_ok=True)
        for split, table in tables.items():
            pq.write_table(table, f"{snapshot.path}/{split}.parquet")
            snapshot.metadata[f"{split}_rows"] = table.num_rows
        every_file = {name: data for split in files.values() for name, data in split.items()}
        snapshot.metadata["sha256"] = snapshots.hash_files(every_file)
        snapshot.metadata["snapshot_uri"] = snapshot_uri
        snapshot.metadata["dataset_version"] = dataset_version
