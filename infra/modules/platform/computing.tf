resource "google_project_iam_member" "build_logs" {
  project = local.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# Cloud Functions copies a bundle to a bucket that it makes itself, and builds from there.
resource "google_project_iam_member" "build_reads_sources" {
  project = local.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title       = "sources_of_functions"
    description = "Only what Cloud Functions copied to be built."
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

module "function_images" {
  source = "../registry"

  project_id        = local.project
  region            = var.region
  labels            = local.labels
  name              = "ripple-functions"
  description       = "Images of the functions, as Cloud Build makes them."
  keep_versions     = 5
  delete_after_days = 30
  iam               = { "roles/artifactregistry.writer" = { build = google_service_account.build.member } }
}

# What it hands on is used only after the grants are known: a build that lacks one fails, and with it the deployment.
resource "time_sleep" "build_grants_known" {
  create_duration = "60s"
  triggers = {
    service_account = local.accounts.build
    repository      = module.function_images.id
  }

  depends_on = [google_project_iam_member.build_logs, google_project_iam_member.build_reads_sources, module.function_images]
}

locals {
  function_env = merge({
    GOOGLE_CLOUD_PROJECT            = var.project_id
    RIPPLE_LOCATION                 = var.region
    RIPPLE_PIPELINE_SPEC            = var.pipeline_spec
    RIPPLE_PIPELINE_SERVICE_ACCOUNT = module.vertex.service_account.email
    RIPPLE_TRUTH                    = var.simulated ? "1" : "0"
    # gRPC reads a stream in the thread that asks for it: another thread for each costs a fifth of reading a document.
    GRPC_SINGLE_THREADED_UNARY_STREAM = "1"
  }, var.simulated ? { RIPPLE_EVENT_SLACK_DAYS = "400" } : {}, var.function_env)

  job_env = {
    GOOGLE_CLOUD_PROJECT = var.project_id
    BRONZE_BUCKET        = "${var.project_id}-bronze"
    LANDING_BUCKET       = "${var.project_id}-landing"
    CONTROL_BUCKET       = "${var.project_id}-control"
  }
}

module "stage" {
  source   = "../stage"
  for_each = local.topology.stages

  project_id      = local.project
  region          = var.region
  labels          = local.labels
  name            = each.key
  service         = each.value.service
  service_account = google_service_account.stage[each.key]
  caller          = google_service_account.caller[each.key]
  env             = local.function_env
  sources_bucket  = module.sources.name
  bundle = {
    path   = "${var.repository_root}/${var.bundles[each.key].path}"
    sha256 = var.bundles[each.key].sha256
  }
  build = {
    service_account = time_sleep.build_grants_known.triggers.service_account
    repository      = time_sleep.build_grants_known.triggers.repository
  }
  limits = {
    timeout_seconds = each.value.timeout_seconds
    memory_mib      = each.value.memory_mib
    max_instances   = lookup(var.caps.max_instances, each.key, each.value.max_instances)
    concurrency     = each.value.concurrency
  }
  subscriptions = {
    for name, push in each.value.subscriptions : name => merge(push, { topic = module.bus.topics[push.topic] })
  }
  triggers = {
    for name, trigger in each.value.triggers : name => merge(trigger, { bucket = module.bucket[trigger.bucket].name })
  }
  dead_letters_topic = module.bus.dead_letters_topic
  pubsub_agent       = local.agents.pubsub
  project_roles = merge(
    { keeps_state = module.firestore.user },
    { for role in local.stages[each.key].roles : role => { role = role } },
  )
}

module "generator_job" {
  source   = "../generator_job"
  for_each = local.topology.jobs

  project_id      = local.project
  region          = var.region
  labels          = local.labels
  name            = each.key
  flow            = each.value.flow
  service_account = google_service_account.job[each.key]
  image           = var.images.generators
  limits = {
    tasks           = each.value.tasks
    memory_mib      = each.value.memory_mib
    timeout_seconds = each.value.timeout_seconds
    retries         = each.value.retries
  }
  env = merge(
    local.job_env,
    each.value.needs_pepper ? {
      PEPPER_SECRET = "projects/${var.project_id}/secrets/${local.topology.pepper}/versions/${var.pepper_version}"
    } : {},
  )
  firestore_database = local.jobs[each.key].firestore ? module.firestore.name : null
  iam                = local.job_iam
}
