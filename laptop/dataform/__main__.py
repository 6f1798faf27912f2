from laptop.dataform.server import start
from laptop.hosting import run_alone

run_alone(start, "dataform")
