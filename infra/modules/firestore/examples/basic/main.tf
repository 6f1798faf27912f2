module "firestore" {
  source = "../.."

  project_id = "my-project"
  region     = "europe-west1"
  indexes    = { waiting_files = { collection = "files", fields = ["state", "batch"] } }
  expiries   = { claims = "expires_at" }
  unindexed  = [{ collection = "files", field = "fact" }]
}
