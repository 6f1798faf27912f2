"""The training pipeline, and its compiled form `train_repeat_purchase.json`, which is committed.

`python -m pipelines.train_repeat_purchase --write` compiles it, `--check` exits 1 when the committed file is stale,
`--output FILE --image REF` compiles it for another image. Needs kfp: run it with the pipelines' own interpreter.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from kfp import compiler, dsl

from pipelines.components import IMAGE
from pipelines.components.batch_score import batch_score
from pipelines.components.evaluate import evaluate
from pipelines.components.gate import gate
from pipelines.components.notify import notify
from pipelines.components.register import register
from pipelines.components.train import train
from pipelines.components.validate_snapshot import validate_snapshot

COMPILED = Path(__file__).with_suffix(".json")


@dsl.pipeline(name="train-repeat-purchase", description="Who will buy again within 90 days?")
def train_repeat_purchase(
    project: str,
    location: str,
    job: str,
    batch: int,
    dataset_version: str,
    snapshot_uri: str,
    models_bucket: str,
    events_topic: str,
    correlation_id: str,
    causation_id: str,
    replay_of: str = "",
    truth_uri: str = "",
    seed: int = 7,
    bootstrap_samples: int = 1000,
) -> None:
    ending = notify(
        project=project, job=job, batch=batch, dataset_version=dataset_version, models_bucket=models_bucket,
        events_topic=events_topic, correlation_id=correlation_id, causation_id=causation_id,
        replay_of=replay_of,
    )  # fmt: skip
    ending.set_caching_options(False)
    here: dict[str, Any] = {"project": project, "job": job, "models_bucket": models_bucket}
    with dsl.ExitHandler(ending, name="train-and-promote"):
        data = validate_snapshot(snapshot_uri=snapshot_uri, dataset_version=dataset_version, **here)
        snapshot = data.outputs["snapshot"]
        model = train(seed=seed, snapshot=snapshot, **here).outputs["model"]
        judged = evaluate(location=location, truth_uri=truth_uri, snapshot=snapshot, model=model, **here)
        # The champion and the registry are read at run time: a cached answer would be yesterday's.
        evaluation = judged.set_caching_options(False).outputs["evaluation"]
        decided = gate(seed=seed, bootstrap_samples=bootstrap_samples, evaluation=evaluation, **here)
        found = {"snapshot": snapshot, "model": model, "evaluation": evaluation, "batch": batch, **here}
        promote = decided.set_caching_options(False).output
        entered = register(location=location, image=IMAGE, promote=promote, **found).set_caching_options(False)
        batch_score(promote=promote, version=entered.output, **found).set_caching_options(False)


def compile_pipeline(image: str = IMAGE) -> str:
    """The pipeline's spec as JSON text with ordered keys, its tasks running in `image`."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/spec.json"
        compiler.Compiler().compile(train_repeat_purchase, path)
        spec = json.loads(Path(path).read_text())
    return json.dumps(spec, indent=1, sort_keys=True).replace(IMAGE, image) + "\n"


def main() -> int:
    """Compile, check or write; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.train_repeat_purchase")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="exit 1 when the committed spec is stale")
    action.add_argument("--write", action="store_true", help="write the committed spec")
    action.add_argument("--output", type=Path, help="write the spec for --image to this file")
    parser.add_argument("--image", default=IMAGE)
    given = parser.parse_args()
    if given.check:
        current = COMPILED.exists() and COMPILED.read_text() == compile_pipeline()
        message = "" if current else "stale: run python -m pipelines.train_repeat_purchase --write\n"
        sys.stderr.write(message)
        return 0 if current else 1
    (given.output or COMPILED).write_text(compile_pipeline(given.image if given.output else IMAGE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
