module "dataform" {
  source = "../.."

  project_id      = "my-project"
  region          = "europe-west1"
  datasets        = ["bronze", "silver", "features", "gold", "ops"]
  snapshot_bucket = "my-project-features"
  service_agent   = "serviceAccount:service-123456789012@gcp-sa-dataform.iam.gserviceaccount.com"

  buckets_read = {
    checked    = "my-project-checked"
    quarantine = "my-project-quarantine"
    control    = "my-project-control"
  }
}
