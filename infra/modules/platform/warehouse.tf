locals {
  datasets = {
    bronze   = "External tables over the objects of the lake, as they landed."
    staging  = "What a run is about to publish, and what its audit found; each table goes after a week."
    silver   = "Rows that hold their contract, each once."
    features = "What is known of a customer at a moment, and the snapshots that models were trained on."
    gold     = "Facts and dimensions."
    ops      = "The ledger of events, dead letters, and what became of each file."
  }
}

module "dataset" {
  source   = "../dataset"
  for_each = toset(local.topology.datasets)

  project_id                 = local.project
  region                     = var.region
  labels                     = local.labels
  name                       = each.key
  description                = local.datasets[each.key]
  delete_contents_on_destroy = !var.protect
  iam                        = { "roles/bigquery.dataViewer" = var.operators }
}

module "ledger" {
  source   = "../ledger"
  for_each = local.topology.ledgers

  project_id          = local.project
  labels              = local.labels
  subscription        = each.key
  topic               = module.bus.topics[each.value.topic]
  dataset             = module.dataset["ops"].id
  table               = each.value.table
  description         = "Every message of ${each.value.topic}, written by Pub/Sub; the same message may stand twice."
  columns             = each.value.columns
  delivery            = each.value
  dead_letters_topic  = each.value.attempts == null ? null : module.bus.dead_letters_topic
  pubsub_agent        = local.agents.pubsub
  readers             = each.value.table == "dead_letters" ? { replay = local.stage_members.replay } : {}
  deletion_protection = var.protect
}

module "dataform" {
  source = "../dataform"

  project_id      = local.project
  region          = var.region
  labels          = local.labels
  repository      = local.topology.dataform_repository
  datasets        = toset([for dataset in module.dataset : dataset.id])
  snapshot_bucket = module.bucket["features"].name
  buckets_read    = { for name in ["checked", "quarantine", "control"] : name => module.bucket[name].name }
  service_agent   = local.agents.dataform
}

module "workflow" {
  source = "../workflow"

  project_id               = local.project
  region                   = var.region
  labels                   = local.labels
  name                     = local.topology.workflow
  source_path              = coalesce(var.workflow_source, "${path.module}/../../../workflows/${local.topology.workflow}.yaml")
  events_topic             = local.topology.events_topic
  dataform_repository      = module.dataform.repository
  dataform_service_account = module.dataform.service_account.id
  snapshot_dataset         = module.dataset["features"].id
  firestore_database       = module.firestore.name
  env = merge(
    { for name in ["checked", "quarantine", "control", "features"] : "${upper(name)}_BUCKET" => module.bucket[name].name },
    {
      DATAFORM_REPOSITORY      = module.dataform.repository
      DATAFORM_SERVICE_ACCOUNT = module.dataform.service_account.email
      EVENTS_TOPIC             = local.topology.events_topic
    },
  )
}

module "vertex" {
  source = "../vertex"

  project_id       = local.project
  region           = var.region
  snapshot_bucket  = module.bucket["features"].name
  models_bucket    = module.bucket["models"].name
  truth_bucket     = var.simulated ? module.bucket["control"].name : null
  events_topic     = module.bus.topics[local.topology.events_topic]
  image_repository = module.registry.name
  submitters       = { start_training = local.stage_members.start_training }
}

# Beyond it BigQuery refuses queries until midnight, Pacific time.
resource "google_cloud_quotas_quota_preference" "daily_query_bytes" {
  count = var.caps.daily_query_bytes == null ? 0 : 1

  parent               = "projects/${local.project}"
  name                 = "ripple-daily-query-bytes"
  service              = "bigquery.googleapis.com"
  quota_id             = "QueryUsagePerDay"
  justification        = "What Ripple's queries may read in a day."
  ignore_safety_checks = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"

  quota_config {
    preferred_value = tostring(ceil(var.caps.daily_query_bytes / 1048576))
  }
}
