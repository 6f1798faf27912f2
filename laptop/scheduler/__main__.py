from laptop.hosting import run_alone
from laptop.scheduler.server import start

run_alone(start, "scheduler")
