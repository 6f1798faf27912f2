"""The Cloud Function `start_batch`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.start_batch.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def start_batch(request: Request) -> tuple[str, int]:
    return serve(request, "start_batch", react, build_edge)
