"""Firestore on the laptop, and Google's client on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from google.cloud import firestore

from laptop.firestore.server import start
from laptop.hosting import Service


@pytest.fixture(scope="module")
def client(launch: Callable[..., Service]) -> Iterator[firestore.Client]:
    service = launch(start)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", service.address)
        yield firestore.Client(project="demo-proj")
