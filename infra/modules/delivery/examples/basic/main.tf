module "delivery" {
  source = "../.."

  project_id        = "my-project"
  github_repository = "example/ripple"
  environment       = "prod"
  grantable_roles   = ["roles/bigquery.jobUser", "roles/datastore.user"]

  act_as = {
    sweep = "projects/my-project/serviceAccounts/ripple-sweep@my-project.iam.gserviceaccount.com"
  }
}
