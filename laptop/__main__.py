"""`python -m laptop`: the `laptop` command."""

from laptop.command import main

main()
