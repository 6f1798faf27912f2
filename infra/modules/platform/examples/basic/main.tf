module "platform" {
  source = "../.."

  project_id      = "my-project"
  region          = "europe-west1"
  repository_root = "../../../../.."
  pipeline_spec   = "gs://my-project-models/specs/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.json"
  alert_emails    = ["data@example.org"]

  images = {
    generators = "europe-west1-docker.pkg.dev/my-project/ripple/generators@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    pipelines  = "europe-west1-docker.pkg.dev/my-project/ripple/pipelines@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  bundles = { for stage in keys(jsondecode(file("${path.module}/../../../../topology.json")).stages) : stage => {
    path   = "build/bundles/${stage}-9f86d081884c7d65.zip"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  } }
}
