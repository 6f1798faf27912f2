#!/usr/bin/env python3
"""A `terraform` that notes what it is told beside itself, and shows the plan that lies there."""

import json
import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
with (here / "told.jsonl").open("a") as told:
    told.write(json.dumps({"words": sys.argv[1:], "folder": os.getcwd()}) + "\n")
if sys.argv[1] == "show":
    sys.stdout.write((here / "plan.json").read_text())
