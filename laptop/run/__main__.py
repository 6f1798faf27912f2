from laptop.hosting import run_alone
from laptop.run.server import start

run_alone(start, "run")
