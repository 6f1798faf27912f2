"""The Cloud Function `start_training`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.start_training.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve


@functions_framework.http
def start_training(request: Request) -> tuple[str, int]:
    return serve(request, "start_training", react, build_edge)
