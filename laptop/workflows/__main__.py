from laptop.hosting import run_alone
from laptop.workflows.server import start

run_alone(start, "workflows")
