module "land_object" {
  source = "../.."

  project_id         = "my-project"
  region             = "europe-west1"
  name               = "land_object"
  service            = "land-object"
  sources_bucket     = "my-project-sources"
  dead_letters_topic = "projects/my-project/topics/ripple-dead-letters"
  pubsub_agent       = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"

  service_account = {
    email  = "ripple-land-object@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-land-object@my-project.iam.gserviceaccount.com"
  }
  caller = {
    email  = "ripple-call-land-object@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-call-land-object@my-project.iam.gserviceaccount.com"
    id     = "projects/my-project/serviceAccounts/ripple-call-land-object@my-project.iam.gserviceaccount.com"
  }

  bundle = {
    path   = "build/bundles/land_object-9f86d081884c7d65.zip"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  build = {
    service_account = "projects/my-project/serviceAccounts/ripple-build@my-project.iam.gserviceaccount.com"
    repository      = "projects/my-project/locations/europe-west1/repositories/ripple-functions"
  }

  limits = { timeout_seconds = 540, memory_mib = 512, max_instances = 10 }
  env    = { GOOGLE_CLOUD_PROJECT = "my-project", RIPPLE_LOCATION = "europe-west1" }

  triggers = {
    land-object--bronze = { bucket = "my-project-bronze", event_type = "google.cloud.storage.object.v1.finalized" }
  }
  subscriptions = {
    land-object--replay-run-started-v1 = {
      topic                   = "projects/my-project/topics/ripple-events"
      filter                  = "attributes.ce-type = \"replay.run.started.v1\""
      unwrapped               = true
      ack_deadline_seconds    = 570
      retention_seconds       = 604800
      minimum_backoff_seconds = 1
      maximum_backoff_seconds = 600
      attempts                = 20
    }
  }
}
