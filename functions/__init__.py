"""One folder per stage of the choreography; see ripple/deployment/routes.py for what each reacts to."""
