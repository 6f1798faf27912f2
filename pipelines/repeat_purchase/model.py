"""The features a model sees, the challenger and its baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A model travels with the names of its inputs, so that later code can still score an older champion.
Model = dict[str, Any]

STAGES = ("unknown", "bootstrapped", "seed", "series_a", "series_b", "series_c")
PRIOR_EVENTS = 1.0
PRIOR_DAYS = 30.0

# Which way an input can only push the score: silence down, a visit since the last order up, 0 where either may hold.
FEATURES: dict[str, int] = {
    "event_rate": 0,
    "silence": -1,
    "order_silence": 0,
    "active_since_order": 1,
    "has_repeat": 0,
    "frequency": 0,
    "age_days": 0,
    "orders_90d": 0,
    "sessions_90d": 0,
    "days_since_last_order": 0,
    "days_since_last_session": 0,
    "cart_rate": 0,
    "stage": 0,
}


def encode(table: pa.Table, features: Sequence[str]) -> Array:
    """Snapshot rows as a matrix [rows, len(features)], NaN where a value is absent; ValueError for unknown features."""
    columns = {name: _numbers(table, name) for name in _INPUTS}
    columns["stage"] = _stage_numbers(table)
    derived = {**columns, **_activity(columns)}
    unknown = sorted(set(features) - set(derived))
    if unknown:
        raise ValueError(f"the model asks for features this code no longer makes: {', '.join(unknown)}")
    return np.column_stack([derived[name] for name in features])


_INPUTS = (
    "frequency", "age_days", "orders_90d", "sessions_90d", "sessions_total", "sessions_since_last_order",
    "days_since_last_order", "days_since_last_session", "cart_rate",
)  # fmt: skip


def _numbers(table: pa.Table, name: str) -> Array:
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def _stage_numbers(table: pa.Table) -> Array:
    ranks = {stage: float(rank) for rank, stage in enumerate(STAGES)}
    return np.array([ranks.get(stage, 0.0) for stage in table.column("stage").to_pylist()])


def _activity(columns: dict[str, Array]) -> dict[str, Array]:
    """Shrunken event rate per day, and how many events a living customer would have made in the silence."""
    events = columns["frequency"] + columns["sessions_total"]
    rate = (events + PRIOR_EVENTS) / (columns["age_days"] + PRIOR_DAYS)
    quiet = np.fmin(columns["days_since_last_order"], columns["days_since_last_session"])
    return {
        "event_rate": rate,
        "silence": rate * quiet,
        "order_silence": rate * columns["days_since_last_order"],
        "active_since_order": (columns["sessions_since_last_order"] > 0).astype(float),
        "has_repeat": (columns["frequency"] > 0).astype(float),
    }


def rank_by_recency(table: pa.Table) -> Array:
    """The rule of thumb to beat: whoever ordered last comes first."""
    return -_numbers(table, "days_since_last_order")


def fit_boosting(table: pa.Table, seed: int, fits: int = 4) -> Model:
    """Gradient boosting, averaged over `fits` seeds; monotone and strongly regularised, since data are few."""
    from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier

    features = find_features(table)
    settings = _BOOSTING | {"monotonic_cst": [FEATURES[name] for name in features]}
    members = [
        (f"seed-{seed + i}", HistGradientBoostingClassifier(random_state=seed + i, **settings)) for i in range(fits)
    ]
    return _fit(VotingClassifier(members, voting="soft"), table, features)


_BOOSTING: dict[str, Any] = {
    "learning_rate": 0.05,
    "max_iter": 150,
    "max_leaf_nodes": 6,
    "min_samples_leaf": 40,
    "l2_regularization": 20.0,
    "max_features": 0.5,
    "max_bins": 63,
    "early_stopping": False,
}


def fit_logistic(table: pa.Table) -> Model:
    """The linear baseline over the same inputs."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=500))
    return _fit(steps, table, find_features(table))


def find_features(table: pa.Table) -> list[str]:
    """Those of FEATURES that any row has a value of: no tree can be cut in a column of nothing, and no median be taken."""
    known = np.asarray(~np.isnan(encode(table, list(FEATURES))).all(axis=0))
    return [name for name, is_known in zip(FEATURES, known, strict=True) if is_known]


def _fit(estimator: Any, table: pa.Table, features: Sequence[str]) -> Model:
    fitted = estimator.fit(encode(table, features), table.column("label").to_numpy())
    return {"features": list(features), "estimator": fitted}


def predict(model: Model, table: pa.Table) -> Array:
    """Probability of an order within 90 days for each snapshot row, shape [rows]."""
    return np.asarray(model["estimator"].predict_proba(encode(table, model["features"]))[:, 1], dtype=float)
