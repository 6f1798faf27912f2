"""The Cloud Function `land_object`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.land_object.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def land_object(request: Request) -> tuple[str, int]:
    return serve(request, "land_object", react, build_edge)
