"""What a replay command asks for, what it would do, and what the world holds of it: shared by the function and the CLI."""
