module "project_services" {
  source = "../.."

  project_id = "my-project"
}

resource "google_pubsub_topic" "events" {
  project = module.project_services.project_id
  name    = "ripple-events"
}
