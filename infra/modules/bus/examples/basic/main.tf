module "bus" {
  source = "../.."

  project_id         = "my-project"
  region             = "europe-west1"
  topics             = ["ripple-events", "ripple-ticks"]
  dead_letters_topic = "ripple-dead-letters"
  pubsub_agent       = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"

  publishers = {
    ripple-events = { land_object = "serviceAccount:ripple-land-object@my-project.iam.gserviceaccount.com" }
  }
}
