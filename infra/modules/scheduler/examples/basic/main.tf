module "scheduler" {
  source = "../.."

  project_id = "my-project"
  region     = "europe-west1"
  topic      = "projects/my-project/topics/ripple-ticks"

  ticks = {
    ripple-daily = {
      schedule = "0 3 * * *"
      kind     = "batch"
      body     = jsonencode({ flows = ["sales", "clickstream", "startups"] })
      paused   = true
    }
    ripple-sweep = {
      schedule = "*/5 * * * *"
      kind     = "sweep"
    }
  }
}
