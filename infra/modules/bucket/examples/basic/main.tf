module "bronze" {
  source = "../.."

  project_id        = "my-project"
  region            = "europe-west1"
  name              = "my-project-bronze"
  colder_after_days = { NEARLINE = 90, COLDLINE = 365 }

  iam = {
    "roles/storage.objectCreator" = { export_sales = "serviceAccount:ripple-export-sales@my-project.iam.gserviceaccount.com" }
    "roles/storage.objectViewer"  = { land_object = "serviceAccount:ripple-land-object@my-project.iam.gserviceaccount.com" }
  }
}
