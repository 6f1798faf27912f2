"""`python -m laptop.vertex`"""

from laptop.hosting import run_alone
from laptop.vertex.server import start

if __name__ == "__main__":
    run_alone(start, "vertex")
