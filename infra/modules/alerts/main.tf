locals {
  runbooks = coalesce(var.runbooks_path, "${path.module}/../../../docs/runbooks")

  # One policy for each runbook, by its file's name; conditions by what a mail's first line says.
  policies = merge(
    {
      dead-letters = {
        title    = "events died"
        severity = "ERROR"
        conditions = {
          "A subscription gave a message up after its last attempt"           = local.queries.dead_lettered
          "A message came to the dead letters, sent on or made by a function" = local.queries.died
        }
      }
      backlog = {
        title    = "messages wait"
        severity = "WARNING"
        conditions = {
          "A message waits longer than ${var.backlog_minutes} minutes" = local.queries.waits
        }
      }
      stalled-runs = {
        title      = "something that was due did not come"
        severity   = "ERROR"
        conditions = { "run.stalled.v1 was stated" = local.queries.stalled }
      }
      failed-elt = {
        title    = "ELT failed"
        severity = "ERROR"
        conditions = {
          "elt.run.failed.v1 was received"      = local.queries.elt_failed
          "An execution of the workflow failed" = local.queries.run_failed
          "Files were parked"                   = local.queries.parked
        }
      }
      failed-training = {
        title      = "training failed"
        severity   = "WARNING"
        conditions = { "training.job.finished.v1 said failed" = local.queries.training }
      }
      quarantine-ratio = {
        title    = "rows are refused"
        severity = "WARNING"
        conditions = {
          "More than ${var.quarantine_ratio * 100} % of a flow's rows of a day are in quarantine" = local.queries.quarantined
          "A Bronze object was rejected whole"                                                    = local.queries.rejected
        }
      }
      silent-sweep = {
        title      = "nobody looks for what fell silent"
        severity   = "ERROR"
        conditions = { "sweep has not succeeded for 30 minutes" = local.queries.not_swept }
      }
    },
    var.freshness_hours == null ? {} : {
      stale-gold = {
        title      = "gold is stale"
        severity   = "ERROR"
        conditions = { "No run has succeeded for ${coalesce(var.freshness_hours, 0)} hours" = local.queries.gold_not_fresh }
      }
    },
  )
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.emails

  project      = var.project_id
  display_name = "Ripple: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = var.labels
}

resource "google_monitoring_alert_policy" "policy" {
  for_each = local.policies

  project               = var.project_id
  display_name          = "Ripple: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.name]
  user_labels           = merge(var.labels, { runbook = each.key })

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.key
      condition_prometheus_query_language {
        query               = conditions.value
        duration            = "0s"
        evaluation_interval = "60s"
        # On a first deployment none of the metrics has a point yet.
        disable_metric_validation = true
      }
    }
  }

  documentation {
    subject   = "Ripple in ${var.project_id}: ${each.value.title}"
    content   = file("${local.runbooks}/${each.key}.md")
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = var.runbooks_url == null ? [] : ["${var.runbooks_url}/${each.key}.md"]
      content {
        display_name = "Runbook"
        url          = links.value
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_logging_metric.facts, google_logging_metric.rows]
}
