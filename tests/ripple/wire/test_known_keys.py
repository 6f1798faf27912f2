"""A key that nobody reads is refused with those that are known and the nearest of them."""

from __future__ import annotations

import pytest

from ripple.errors import PermanentError
from ripple.wire.known_keys import check_keys, find_unknown


@pytest.mark.parametrize(
    ("given", "known", "words"),
    [
        (["dryRun"], ["kind", "dry_run"], "unknown keys: 'dryRun' (did you mean 'dry_run'?); known are kind, dry_run"),
        (["flow"], ["flows", "from"], "unknown keys: 'flow' (did you mean 'flows'?); known are flows, from"),
        (
            ["WORLD_FROM"],
            ["world-from"],
            "unknown keys: 'WORLD_FROM' (did you mean 'world-from'?); known are world-from",
        ),
        (["zzz"], ["flows"], "unknown keys: 'zzz'; known are flows"),
        (["flows"], ["flows"], ""),
        (["x"], [], "unknown keys: 'x'; known are none"),
    ],
)
def test_the_nearest_known_key_is_named(given: list[str], known: list[str], words: str) -> None:
    assert find_unknown(given, known) == words


def test_the_reason_names_the_place_and_stays_short() -> None:
    with pytest.raises(PermanentError) as caught:
        check_keys(["k" * 5000 + str(number) for number in range(500)], ["kind"], "command_malformed", "a batch replay")
    assert caught.value.code == "command_malformed"
    assert caught.value.reason.startswith("a batch replay has unknown keys: ")
    assert len(caught.value.reason) < 2000
