"""One laptop for all that is deployed here, and the first release on it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cli.laptop_control import environment, start_detached
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports, stop
from tests.cli.delivery.site import Said, Site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state, before = tmp_path_factory.mktemp("delivery"), dict(os.environ)
    try:
        start_detached(state)
        os.environ.update(environ := environment(read_ports(state)))
        yield Site(state, AdminClients(environ), tmp_path_factory.mktemp("checkouts"))
    finally:
        os.environ.clear()
        os.environ.update(before)
        stop(state)


@pytest.fixture(scope="package")
def first(site: Site) -> Said:
    """Of the deployment of this checkout to an empty laptop."""
    return site.ripple("deploy", "--yes")
