mock_provider "google" {}

variables {
  project_id    = "my-project"
  emails        = ["data-platform@example.org"]
  subscriptions = ["land-object--replay-run-started-v1", "ripple-ledger"]
}

run "every_policy_notifies_someone_and_brings_its_runbook" {
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.policy : length(policy.notification_channels) == 1])
    error_message = "A policy notifies nobody."
  }
  assert {
    condition     = alltrue([for name, policy in google_monitoring_alert_policy.policy : policy.documentation[0].content == file("../../../docs/runbooks/${name}.md")])
    error_message = "A mail does not hold the runbook's text."
  }
  assert {
    condition     = toset([for file in fileset("../../../docs/runbooks", "*.md") : trimsuffix(file, ".md")]) == setunion(keys(google_monitoring_alert_policy.policy), ["stale-gold"])
    error_message = "There is a runbook without a policy, or a policy without a runbook."
  }
}

run "metrics_count_what_the_functions_log" {
  assert {
    condition     = google_logging_metric.facts.label_extractors.type == "EXTRACT(jsonPayload.type)"
    error_message = "Policies distinguish facts by the label type."
  }
  assert {
    condition     = google_logging_metric.rows["ripple/rows_quarantined"].value_extractor == "EXTRACT(jsonPayload.rows_quarantined)"
    error_message = "The ratio needs the rows in quarantine."
  }
  assert {
    condition     = strcontains(google_logging_metric.rows["ripple/rows"].filter, "jsonPayload.type=\"bronze.object.landed.v1\"")
    error_message = "Only what landed counts as rows."
  }
}

run "the_ratio_is_the_variable" {
  variables {
    quarantine_ratio = 0.125
  }
  assert {
    condition     = anytrue([for condition in google_monitoring_alert_policy.policy["quarantine-ratio"].conditions : endswith(condition.condition_prometheus_query_language[0].query, "> 0.125")])
    error_message = "The policy has another ratio."
  }
}

run "gold_is_stale_only_where_something_is_due" {
  assert {
    condition     = !contains(keys(google_monitoring_alert_policy.policy), "stale-gold")
    error_message = "Where the daily tick rests, nothing is due."
  }
}

run "gold_is_stale_after_the_hours" {
  variables {
    freshness_hours = 26
    runbooks_url    = "https://example.org/runbooks"
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.policy["stale-gold"].conditions[0].condition_prometheus_query_language[0].query, "elt.run.succeeded.v1\"}[26h]")
    error_message = "Freshness is asked of another fact or time."
  }
  assert {
    condition     = google_monitoring_alert_policy.policy["stale-gold"].documentation[0].links[0].url == "https://example.org/runbooks/stale-gold.md"
    error_message = "The link leads elsewhere."
  }
}

run "the_dashboard_is_whole" {
  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.ripple.dashboard_json).mosaicLayout.tiles) == 9
    error_message = "A tile is missing."
  }
  assert {
    condition     = alltrue([for tile in jsondecode(google_monitoring_dashboard.ripple.dashboard_json).mosaicLayout.tiles : tile.xPos + tile.width <= 48])
    error_message = "A tile is beyond the mosaic's 48 columns."
  }
}

run "a_share_is_no_percentage" {
  command = plan
  variables {
    quarantine_ratio = 3
  }
  expect_failures = [var.quarantine_ratio]
}

run "metrics_know_short_names_only" {
  command = plan
  variables {
    subscriptions = ["projects/my-project/subscriptions/ripple-ledger"]
  }
  expect_failures = [var.subscriptions]
}
