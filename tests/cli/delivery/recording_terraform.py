#!/usr/bin/env python3
"""A `terraform` that notes what it is given beside itself, and shows the plan and the outputs that are there."""

import json
import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
with (here / "given.jsonl").open("a") as given:
    given.write(json.dumps({"words": sys.argv[1:], "folder": os.getcwd()}) + "\n")
shown = {"show": "plan.json", "output": "outputs.json"}.get(sys.argv[1])
if shown:
    sys.stdout.write((here / shown).read_text())
