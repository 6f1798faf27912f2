"""Cloud Workflows: deploys YAML, runs executions, speaks the Workflows and Workflow Executions REST APIs."""
