"""The Cloud Function `start_elt`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.start_elt.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def start_elt(request: Request) -> tuple[str, int]:
    return serve(request, "start_elt", react, build_edge)
