module "registry" {
  source = "../.."

  project_id      = "my-project"
  region          = "europe-west1"
  name            = "ripple"
  description     = "Images of the generator jobs and of the training pipeline."
  keep_tag_prefix = "release-"
  iam             = { "roles/artifactregistry.reader" = { train = "serviceAccount:ripple-train@my-project.iam.gserviceaccount.com" } }
}
