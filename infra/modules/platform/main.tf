locals {
  topology = jsondecode(file("${path.module}/../../topology.json"))
  labels   = merge({ app = "ripple" }, var.labels)
}

# Whatever takes its project from here waits until the APIs answer.
module "project_services" {
  source = "../project_services"

  project_id = var.project_id
}

locals {
  project = module.project_services.project_id
  agents  = module.project_services.agents
}

module "bus" {
  source = "../bus"

  project_id         = local.project
  region             = var.region
  labels             = local.labels
  topics             = setsubtract(local.topology.topics, [local.topology.dead_letters_topic])
  dead_letters_topic = local.topology.dead_letters_topic
  publishers         = local.publishers
  pubsub_agent       = local.agents.pubsub
}

module "firestore" {
  source = "../firestore"

  project_id          = local.project
  region              = var.region
  location            = var.firestore_location
  deletion_protection = var.protect

  # Of files and trainings nearly all are done; without these a query would read through them.
  indexes = {
    waiting_files  = { collection = "files", fields = ["state", "batch"] }
    open_trainings = { collection = "trainings", fields = ["train", "ended"] }
  }
  expiries = { claims = "expires_at" }
  # Whole facts and plans, kept to be published again: every field in them would be an index entry at every write.
  unindexed = [
    { collection = "batches", field = "succeeded" },
    { collection = "files", field = "fact" },
    { collection = "outbox", field = "data" },
    { collection = "replays", field = "plan" },
    { collection = "trainings", field = "run" },
  ]
}

module "secrets" {
  source = "../secrets"

  project_id = local.project
  region     = var.region
  labels     = local.labels
  name       = local.topology.pepper
  accessors = {
    for name, job in local.topology.jobs : name => local.job_members[name] if job.needs_pepper
  }
}

module "registry" {
  source = "../registry"

  project_id      = local.project
  region          = var.region
  labels          = local.labels
  name            = "ripple"
  description     = "Images of the generator jobs and of the training pipeline."
  keep_tag_prefix = "release-"
  iam             = { "roles/artifactregistry.writer" = { build = google_service_account.build.member } }
}

module "scheduler" {
  source = "../scheduler"

  project_id = local.project
  region     = var.region
  topic      = module.bus.topics[local.topology.ticks_topic]
  ticks = {
    for name, tick in local.topology.ticks : name => {
      schedule  = tick.schedule
      time_zone = tick.time_zone
      kind      = tick.kind
      body      = jsonencode(tick.body)
      paused    = tick.starts_paused && !var.daily_tick
    }
  }

  # A tick that nobody receives is a tick lost.
  depends_on = [module.stage]
}

module "alerts" {
  source = "../alerts"

  project_id         = local.project
  labels             = local.labels
  emails             = var.alert_emails
  dead_letters_topic = local.topology.dead_letters_topic
  workflow           = local.topology.workflow
  sweep_service      = local.topology.stages.sweep.service
  freshness_hours    = var.daily_tick ? 26 : null
  subscriptions = toset(concat(
    flatten([for stage in values(local.topology.stages) : keys(stage.subscriptions)]),
    keys(local.topology.ledgers),
  ))

  # A policy can only be made over a metric that exists: those of subscriptions come with them.
  depends_on = [module.stage, module.ledger]
}

module "budget" {
  source = "../budget"
  count  = var.billing_account == null ? 0 : 1

  project_id            = local.project
  project_number        = module.project_services.project_number
  billing_account       = var.billing_account
  monthly_amount        = var.monthly_budget
  notification_channels = module.alerts.notification_channels
}

module "delivery" {
  source = "../delivery"
  count  = var.github_repository == null ? 0 : 1

  project_id        = local.project
  github_repository = var.github_repository
  environment       = var.github_environment
  billing_account   = var.billing_account
  grantable_roles   = local.project_roles
  act_as = merge(local.accounts, {
    dataform = module.dataform.service_account.id
    run_elt  = module.workflow.service_account.id
  })
}
