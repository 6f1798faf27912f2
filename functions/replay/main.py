"""The Cloud Function `replay`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.replay.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def replay(request: Request) -> tuple[str, int]:
    return serve(request, "replay", react, build_edge)
