# Who may do what, on one screen. A function that creates objects also reads them: one that is there already is looked at.
# Every function keeps its state in Firestore, states facts, and makes a dead letter of what can never work.
locals {
  stages = {
    start_batch    = { reads = [], creates = [], sends = [], jobs = ["roles/run.jobsExecutorWithOverrides"], roles = [] }
    export_sales   = { reads = ["landing"], creates = ["bronze", "quarantine"], sends = [], jobs = [], roles = [] }
    land_object    = { reads = ["bronze"], creates = ["checked", "quarantine"], sends = [], jobs = [], roles = [] }
    start_elt      = { reads = [], creates = ["checked", "control", "quarantine"], sends = [], jobs = [], roles = ["roles/workflows.invoker"] }
    start_training = { reads = ["models"], creates = [], sends = [], jobs = [], roles = ["roles/aiplatform.user"] }
    # Dead letters go back to the topic that they came from, and are read by a query.
    replay = {
      reads   = ["bronze", "checked", "landing", "quarantine"]
      creates = []
      sends   = [local.topology.ticks_topic, local.topology.replays_topic]
      jobs    = []
      roles   = ["roles/bigquery.jobUser"]
    }
    # It starts jobs again that failed, and asks runs and trainings how they are.
    sweep = {
      reads   = ["bronze", "landing"]
      creates = []
      sends   = []
      jobs    = ["roles/run.jobsExecutorWithOverrides", "roles/run.viewer"]
      roles   = ["roles/workflows.invoker", "roles/aiplatform.viewer"]
    }
  }

  # A job writes its rows, and to control what is true of them.
  jobs = {
    generate-sales       = { creates = ["landing", "control"], firestore = true }
    generate-clickstream = { creates = ["bronze", "control"], firestore = false }
    generate-startups    = { creates = ["bronze", "control"], firestore = false }
  }

  # Every role that a part holds on the project itself, because its API knows nothing smaller.
  project_roles = toset(concat(
    [
      "roles/bigquery.jobUser", "roles/datastore.user", "roles/datastore.viewer",
      "roles/eventarc.eventReceiver", "roles/logging.logWriter", "roles/storage.objectViewer",
    ],
    flatten([for grants in values(local.stages) : grants.roles]),
  ))

  operators = { for who, member in var.operators : "operator ${who}" => member }

  stage_members = { for name in keys(local.stages) : name => google_service_account.stage[name].member }
  job_members   = { for name in keys(local.jobs) : name => google_service_account.job[name].member }

  creates = merge(
    { for name, grants in local.stages : name => grants.creates },
    { for name, grants in local.jobs : name => grants.creates },
  )
  reads = { for name, grants in local.stages : name => concat(grants.reads, grants.creates) }

  bucket_iam = {
    for bucket in local.topology.buckets : bucket => {
      "roles/storage.objectCreator" = merge(
        { for name, member in merge(local.stage_members, local.job_members) : name => member if contains(local.creates[name], bucket) },
        # A person drops files, and corrections of quarantined rows, as any source does.
        bucket == "bronze" ? local.operators : {},
      )
      "roles/storage.objectViewer" = merge(
        { for name, member in local.stage_members : name => member if contains(local.reads[name], bucket) },
        local.operators,
      )
    }
  }

  publishers = merge(
    { for topic in [local.topology.events_topic, local.topology.dead_letters_topic] : topic => local.stage_members },
    {
      for topic in [local.topology.ticks_topic, local.topology.replays_topic] : topic => merge(
        { for name, grants in local.stages : name => local.stage_members[name] if contains(grants.sends, topic) },
        local.operators,
      )
    },
  )

  job_iam = {
    for role in toset(flatten([for grants in values(local.stages) : grants.jobs])) : role => {
      for name, grants in local.stages : name => local.stage_members[name] if contains(grants.jobs, role)
    }
  }
}

# People who send ticks and replays and look at what came of them. What is on buckets, topics and datasets is beside those.
resource "google_project_iam_member" "operator_queries" {
  for_each = var.operators

  project = local.project
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

resource "google_project_iam_member" "operator_reads_state" {
  for_each = var.operators

  project = local.project
  role    = "roles/datastore.viewer"
  member  = each.value

  condition {
    title       = module.firestore.user.condition.title
    description = module.firestore.user.condition.description
    expression  = module.firestore.user.condition.expression
  }
}
