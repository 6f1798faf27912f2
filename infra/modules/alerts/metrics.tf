# What the functions log of facts (ripple/handling/log_records.py), counted. `received` counts a fact that the workflow or the pipeline
# states, and also one that `sweep` states for them: the stage that reacts receives both.
locals {
  lines = "resource.type=\"cloud_run_revision\" AND jsonPayload.stage:*"

  fact_labels = {
    action = "What was done with the fact: stated, received, dead_lettered"
    type   = "The fact's type"
    stage  = "The function that logged it"
    flow   = "The flow, where the fact names one"
    state  = "How a run or a job ended"
    code   = "Why an object was rejected or an event made a dead letter"
  }

  row_metrics = {
    "ripple/rows"             = { field = "rows", description = "Rows of Bronze objects that landed." }
    "ripple/rows_quarantined" = { field = "rows_quarantined", description = "Rows of Bronze objects that were put into quarantine." }
  }
}

resource "google_logging_metric" "facts" {
  project     = var.project_id
  name        = "ripple/facts"
  description = "Facts that functions stated, received or made dead letters."
  filter      = "${local.lines} AND jsonPayload.action=(\"stated\" OR \"received\" OR \"dead_lettered\")"

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "Ripple: facts"

    dynamic "labels" {
      for_each = local.fact_labels
      content {
        key         = labels.key
        value_type  = "STRING"
        description = labels.value
      }
    }
  }

  label_extractors = { for label in keys(local.fact_labels) : label => "EXTRACT(jsonPayload.${label})" }
}

resource "google_logging_metric" "rows" {
  for_each = local.row_metrics

  project         = var.project_id
  name            = each.key
  description     = each.value.description
  filter          = "${local.lines} AND jsonPayload.action=\"stated\" AND jsonPayload.type=\"bronze.object.landed.v1\""
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "DISTRIBUTION"
    unit         = "1"
    display_name = "Ripple: ${replace(each.value.field, "_", " ")}"

    labels {
      key         = "flow"
      value_type  = "STRING"
      description = "The flow"
    }
  }

  label_extractors = { flow = "EXTRACT(jsonPayload.flow)" }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 24
      growth_factor      = 2
      scale              = 1
    }
  }
}
