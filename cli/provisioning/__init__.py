"""Do to the laptop what a deployment does to a project, through Google's own clients, from the one routes table."""
