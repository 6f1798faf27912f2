module "workflow" {
  source = "../.."

  project_id               = "my-project"
  region                   = "europe-west1"
  source_path              = "${path.module}/../../../../../workflows/run_elt.yaml"
  events_topic             = "ripple-events"
  dataform_repository      = "ripple"
  dataform_service_account = "projects/my-project/serviceAccounts/ripple-dataform@my-project.iam.gserviceaccount.com"
  snapshot_dataset         = "features"

  env = {
    CHECKED_BUCKET           = "my-project-checked"
    QUARANTINE_BUCKET        = "my-project-quarantine"
    CONTROL_BUCKET           = "my-project-control"
    FEATURES_BUCKET          = "my-project-features"
    DATAFORM_REPOSITORY      = "ripple"
    DATAFORM_SERVICE_ACCOUNT = "ripple-dataform@my-project.iam.gserviceaccount.com"
    EVENTS_TOPIC             = "ripple-events"
  }
}
