"""Good documents as a pandas frame of Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ripple.rows.arrow_rows import to_columns
from ripple.rows.contracts import Contract

if TYPE_CHECKING:
    import pandas as pd


def to_frame(rows: Sequence[Mapping[str, Any]], contract: Contract) -> pd.DataFrame:
    """One column a contract field, in its order; rows have passed the contract."""
    # Half of the module's memory and import time: an instance pays for it with its first page, not before it can answer.
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([column])))
            for name, column in to_columns(rows, contract).items()
        }
    )
