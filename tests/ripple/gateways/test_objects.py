"""What Cloud Storage says of an object that is there already."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, PreconditionFailed, ServiceUnavailable

from ripple.gateways.objects import says_it_exists

ACCOUNT = "ripple-land-object@shop.iam.gserviceaccount.com does not have"
OF_THE_OBJECT = "denied on resource (or it may not exist)."


@pytest.mark.parametrize(
    ("error", "exists"),
    [
        (PreconditionFailed("At least one of the pre-conditions you specified did not hold."), True),
        (Forbidden(f"{ACCOUNT} storage.objects.delete access. 'storage.objects.delete' {OF_THE_OBJECT}"), True),
        (Forbidden(f"{ACCOUNT} storage.objects.create access. 'storage.objects.create' {OF_THE_OBJECT}"), False),
        (NotFound("The specified bucket does not exist."), False),
        (ServiceUnavailable("Backend Error"), False),
    ],
)
def test_an_object_that_is_there_is_distinguished_from_what_failed(error: GoogleAPICallError, exists: bool) -> None:
    assert says_it_exists(error) == exists
