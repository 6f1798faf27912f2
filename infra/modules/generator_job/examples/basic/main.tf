module "generate_sales" {
  source = "../.."

  project_id         = "my-project"
  region             = "europe-west1"
  name               = "generate-sales"
  flow               = "sales"
  image              = "europe-west1-docker.pkg.dev/my-project/ripple/generators@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  firestore_database = "(default)"

  service_account = {
    email  = "ripple-generate-sales@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-generate-sales@my-project.iam.gserviceaccount.com"
  }
  env = {
    GOOGLE_CLOUD_PROJECT = "my-project"
    PEPPER_SECRET        = "projects/my-project/secrets/ripple-pepper/versions/1"
  }
  iam = {
    "roles/run.jobsExecutorWithOverrides" = { start_batch = "serviceAccount:ripple-start-batch@my-project.iam.gserviceaccount.com" }
  }
}
