"""`training/head`: when training jobs were decided on lately, for the cap on a day's jobs."""

from __future__ import annotations

from ripple.state.caps import Starts
from ripple.state.collection import Collection, SingleDocument

VERSION = 1
TRAINING_HEAD = SingleDocument(
    Collection(
        name="training",
        record=Starts,
        version=VERSION,
        written_by=("start_training",),
        read_by=("start_training", "sweep"),
    ),
    "head",
)
