"""Each function in a process of its own under functions-framework, spoken to by HTTP, acting on the laptop's servers."""
