module "pepper" {
  source = "../.."

  project_id = "my-project"
  region     = "europe-west1"
  name       = "ripple-pepper"
  accessors  = { generate-sales = "serviceAccount:ripple-generate-sales@my-project.iam.gserviceaccount.com" }
}
