module "vertex" {
  source = "../.."

  project_id       = "my-project"
  region           = "europe-west1"
  snapshot_bucket  = "my-project-features"
  models_bucket    = "my-project-models"
  truth_bucket     = "my-project-control"
  events_topic     = "ripple-events"
  image_repository = "ripple"

  submitters = {
    start_training = "serviceAccount:ripple-start-training@my-project.iam.gserviceaccount.com"
  }
}
