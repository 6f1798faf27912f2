"""Google's own lists of methods, and which of them a server of the laptop answers."""
