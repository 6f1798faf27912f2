#!/usr/bin/env python3
"""A `terraform` that notes what it is told beside itself, and shows the plan and the outputs that lie there."""

import json
import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
with (here / "told.jsonl").open("a") as told:
    told.write(json.dumps({"words": sys.argv[1:], "folder": os.getcwd()}) + "\n")
shown = {"show": "plan.json", "output": "outputs.json"}.get(sys.argv[1])
if shown:
    sys.stdout.write((here / shown).read_text())
