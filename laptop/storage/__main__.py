from laptop.hosting import run_alone
from laptop.storage.server import start

run_alone(start, "storage")
