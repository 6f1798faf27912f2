module "alerts" {
  source = "../.."

  project_id       = "my-project"
  emails           = ["data-platform@example.org"]
  runbooks_url     = "https://github.com/example/ripple/blob/main/docs/runbooks"
  subscriptions    = ["land-object--replay-run-started-v1", "ripple-ledger", "ripple-dead-letters-ledger"]
  quarantine_ratio = 0.03
  freshness_hours  = 26
}
