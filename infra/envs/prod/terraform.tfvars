# Example values, so that this root can be planned as it is; those of the bundles are in example.auto.tfvars.json, which `make docs`
# writes. `ripple deploy` gives what it computes instead: project, region, bundles, images and spec. Keep the examples, and say below
# them what you decide; variables.tf describes it all.
project_id    = "ripple-example"
region        = "europe-west1"
pipeline_spec = "gs://ripple-example-models/specs/0000000000000000000000000000000000000000000000000000000000000000.json"

images = {
  generators = "europe-west1-docker.pkg.dev/ripple-example/ripple/generators@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  pipelines  = "europe-west1-docker.pkg.dev/ripple-example/ripple/pipelines@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

# alert_emails    = ["oncall@example.org"]
# billing_account = "000000-000000-000000"
# operators       = { ann = "user:ann@example.org" }
