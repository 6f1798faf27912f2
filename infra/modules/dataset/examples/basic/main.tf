module "gold" {
  source = "../.."

  project_id  = "my-project"
  region      = "europe-west1"
  name        = "gold"
  description = "Facts and dimensions."
  iam         = { "roles/bigquery.dataViewer" = { analysts = "group:analysts@example.org" } }
}
