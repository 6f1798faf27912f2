"""Plan, deploy, smoke-test and roll back: gather the checkout and what is deployed, decide what to change, apply it."""
