"""The Cloud Function `export_sales`: decode, call the stage, encode."""

from threading import Lock

import functions_framework
from flask import Request

from functions.export_sales.stage import react
from ripple.gateways.edge import build_edge
from ripple.handling.shell import serve

# An export takes what memory its instance has. Cloud Run sends one request at a time; a laptop packs functions into a process.
ONE_AT_A_TIME = Lock()


@functions_framework.http
def export_sales(request: Request) -> tuple[str, int]:
    with ONE_AT_A_TIME:
        return serve(request, "export_sales", react, build_edge)
