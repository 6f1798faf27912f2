"""One folder per stage of the choreography; see ripple/routes.py for what each reacts to."""
