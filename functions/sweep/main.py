"""The Cloud Function `sweep`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.sweep.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def sweep(request: Request) -> tuple[str, int]:
    return serve(request, "sweep", react, build_edge)
