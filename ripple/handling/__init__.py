"""How a function takes a delivery, states facts and logs: the shell around every stage."""
