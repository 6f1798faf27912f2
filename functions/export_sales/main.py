"""The Cloud Function `export_sales`: decode, call the stage, encode."""

import functions_framework
from flask import Request

from functions.export_sales.stage import react
from ripple.shell import serve


@functions_framework.http
def export_sales(request: Request) -> tuple[str, int]:
    return serve(request, "export_sales", react)
