locals {
  # Roles that Google gives these agents itself, at some time after an API is enabled: granted here, they can be waited for.
  agent_roles = {
    aiplatform     = "roles/aiplatform.serviceAgent"
    cloudscheduler = "roles/cloudscheduler.serviceAgent"
    dataform       = "roles/dataform.serviceAgent"
    eventarc       = "roles/eventarc.serviceAgent"
    pubsub         = "roles/pubsub.serviceAgent"
  }
}

resource "google_project_service" "api" {
  for_each = var.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

resource "time_sleep" "apis_known" {
  create_duration = var.api_wait
  triggers        = { services = join(",", sort(var.services)) }

  depends_on = [google_project_service.api]
}

data "google_project" "project" {
  project_id = var.project_id

  depends_on = [time_sleep.apis_known]
}

data "google_storage_project_service_account" "storage" {
  project = var.project_id

  depends_on = [time_sleep.apis_known]
}

resource "google_project_service_identity" "agent" {
  for_each = local.agent_roles
  provider = google-beta

  project = var.project_id
  service = "${each.key}.googleapis.com"

  depends_on = [time_sleep.apis_known]
}

resource "google_project_iam_member" "agent" {
  # checkov:skip=CKV_GCP_49: the roles that Google itself gives its service agents; a project may have lost them
  for_each = local.agent_roles

  project = var.project_id
  role    = each.value
  member  = google_project_service_identity.agent[each.key].member
}

# Cloud Storage notifies Eventarc of a new object by a topic that Eventarc makes and names: there is no topic to grant this on.
resource "google_project_iam_member" "storage_publishes" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.storage.member
}

resource "time_sleep" "agents_known" {
  create_duration = var.agent_wait
  triggers        = { agents = join(",", sort(keys(local.agent_roles))) }

  depends_on = [google_project_iam_member.agent, google_project_iam_member.storage_publishes]
}
