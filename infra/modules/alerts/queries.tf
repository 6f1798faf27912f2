# PromQL over Cloud Monitoring: the first / of a metric's name becomes a colon, all other marks become _.
locals {
  facts            = "logging_googleapis_com:user_ripple_facts"
  rows             = "logging_googleapis_com:user_ripple_rows_sum"
  rows_quarantined = "logging_googleapis_com:user_ripple_rows_quarantined_sum"

  function = "monitored_resource=\"cloud_run_revision\""
  named    = "monitored_resource=\"pubsub_subscription\",subscription_id=~\"${join("|", sort(tolist(var.subscriptions)))}\""

  queries = {
    dead_lettered  = "sum by (subscription_id) (increase(pubsub_googleapis_com:subscription_dead_letter_message_count{${local.named}}[15m])) > 0"
    died           = "sum(increase(pubsub_googleapis_com:topic_message_sizes_count{monitored_resource=\"pubsub_topic\",topic_id=\"${var.dead_letters_topic}\"}[15m])) > 0"
    waits          = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{${local.named}}) > ${var.backlog_minutes * 60}"
    stalled        = "sum by (stage) (increase(${local.facts}{${local.function},action=\"stated\",type=\"run.stalled.v1\"}[15m])) > 0"
    elt_failed     = "sum(increase(${local.facts}{${local.function},action=\"received\",type=\"elt.run.failed.v1\"}[15m])) > 0"
    parked         = "sum(increase(${local.facts}{${local.function},action=\"stated\",type=\"bronze.objects.parked.v1\"}[15m])) > 0"
    run_failed     = "sum(increase(workflows_googleapis_com:finished_execution_count{workflow_id=\"${var.workflow}\",status=\"FAILED\"}[15m])) > 0"
    training       = "sum(increase(${local.facts}{${local.function},action=\"received\",type=\"training.job.finished.v1\",state=\"failed\"}[15m])) > 0"
    rejected       = "sum by (code) (increase(${local.facts}{${local.function},action=\"stated\",type=\"bronze.object.rejected.v1\"}[15m])) > 0"
    quarantined    = "sum by (flow) (increase(${local.rows_quarantined}{${local.function}}[1d])) / sum by (flow) (increase(${local.rows}{${local.function}}[1d])) > ${var.quarantine_ratio}"
    not_swept      = "(sum(increase(run_googleapis_com:request_count{service_name=\"${var.sweep_service}\",response_code_class=\"2xx\"}[30m])) or vector(0)) < 1"
    gold_not_fresh = var.freshness_hours == null ? "" : "(sum(increase(${local.facts}{${local.function},action=\"received\",type=\"elt.run.succeeded.v1\"}[${var.freshness_hours}h])) or vector(0)) < 1"
  }
}
