# It can be taken away again whole: destroying it deletes its data.
module "platform" {
  source = "../../modules/platform"

  project_id         = var.project_id
  region             = var.region
  labels             = { env = "dev" }
  repository_root    = abspath("${path.root}/../../..")
  bundles            = var.bundles
  images             = var.images
  pipeline_spec      = var.pipeline_spec
  pepper_version     = var.pepper_version
  alert_emails       = var.alert_emails
  operators          = var.operators
  billing_account    = var.billing_account
  monthly_budget     = var.monthly_budget
  github_repository  = var.github_repository
  github_environment = "dev"
  caps               = var.caps
  firestore_location = var.firestore_location
  protect            = false
  simulated          = var.simulated
  daily_tick         = var.daily_tick
}
