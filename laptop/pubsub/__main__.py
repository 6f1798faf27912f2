from laptop.hosting import run_alone
from laptop.pubsub.server import start

run_alone(start, "pubsub")
