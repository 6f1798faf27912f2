locals {
  charts = [
    {
      title = "Facts stated, by type"
      query = "sum by (type) (increase(${local.facts}{${local.function},action=\"stated\"}[10m]))"
    },
    {
      title = "Rows landed, by flow"
      query = "sum by (flow) (increase(${local.rows}{${local.function}}[10m]))"
    },
    {
      title = "Share of rows in quarantine, by flow, over a day"
      query = "sum by (flow) (increase(${local.rows_quarantined}{${local.function}}[1d])) / sum by (flow) (increase(${local.rows}{${local.function}}[1d]))"
    },
    {
      title = "ELT runs and trainings that ended"
      query = "sum by (type, state) (increase(${local.facts}{${local.function},action=\"received\",type=~\"elt.run.succeeded.v1|elt.run.failed.v1|training.job.finished.v1\"}[1h]))"
    },
    {
      title = "Age of the oldest message, by subscription, in seconds"
      query = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{${local.named}})"
    },
    {
      title = "Dead letters"
      query = "sum(increase(pubsub_googleapis_com:topic_message_sizes_count{monitored_resource=\"pubsub_topic\",topic_id=\"${var.dead_letters_topic}\"}[1h]))"
    },
    {
      title = "Requests to functions, by answer"
      query = "sum by (service_name, response_code_class) (increase(run_googleapis_com:request_count{${local.function}}[10m]))"
    },
    {
      title = "Instances of functions"
      query = "sum by (service_name) (run_googleapis_com:container_instance_count{${local.function}})"
    },
  ]

  # Two columns of 24 of the mosaic's 48, each chart 16 high.
  tiles = [
    for index, chart in local.charts : {
      xPos   = index % 2 * 24
      yPos   = floor(index / 2) * 16
      width  = 24
      height = 16
      widget = {
        title = chart.title
        xyChart = {
          dataSets = [{
            plotType        = "LINE"
            timeSeriesQuery = { prometheusQuery = chart.query }
          }]
        }
      }
    }
  ]

  errors = {
    xPos   = 0
    yPos   = ceil(length(local.charts) / 2) * 16
    width  = 48
    height = 16
    widget = {
      title = "Errors of functions, jobs and the workflow"
      logsPanel = {
        filter = "severity>=ERROR AND resource.type=(\"cloud_run_revision\" OR \"cloud_run_job\" OR \"workflows.googleapis.com/Workflow\")"
      }
    }
  }
}

resource "google_monitoring_dashboard" "ripple" {
  project = var.project_id
  dashboard_json = jsonencode({
    displayName  = "Ripple"
    mosaicLayout = { columns = 48, tiles = concat(local.tiles, [local.errors]) }
  })

  depends_on = [google_logging_metric.facts, google_logging_metric.rows]
}
