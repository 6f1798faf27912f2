# Example values, so that this root can be planned as it lies. `ripple deploy` gives what it computes instead: project, region,
# bundles, images and spec. Keep those, and say below them what you decide; variables.tf describes it all.
project_id    = "ripple-example"
region        = "europe-west1"
pipeline_spec = "gs://ripple-example-models/specs/0000000000000000000000000000000000000000000000000000000000000000.json"

images = {
  generators = "europe-west1-docker.pkg.dev/ripple-example/ripple/generators@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  pipelines  = "europe-west1-docker.pkg.dev/ripple-example/ripple/pipelines@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

bundles = {
  start_batch    = { path = "build/bundles/start_batch-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  export_sales   = { path = "build/bundles/export_sales-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  land_object    = { path = "build/bundles/land_object-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  start_elt      = { path = "build/bundles/start_elt-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  start_training = { path = "build/bundles/start_training-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  replay         = { path = "build/bundles/replay-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  sweep          = { path = "build/bundles/sweep-0000000000000000.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
}

# alert_emails    = ["oncall@example.org"]
# billing_account = "000000-000000-000000"
# operators       = { ann = "user:ann@example.org" }
