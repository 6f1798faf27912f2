from laptop.hosting import run_alone
from laptop.secrets.server import start

run_alone(start, "secrets")
