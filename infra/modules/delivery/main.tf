locals {
  # What a deployment makes, and the narrowest predefined role of the API that makes it. No role here reads rows of the lake
  # but storage.admin and bigquery.dataOwner, without which buckets and datasets cannot be made.
  roles = {
    "roles/artifactregistry.admin"         = "makes the image repository and its policy, pushes images"
    "roles/bigquery.dataOwner"             = "makes datasets and the ledger's tables, and grants on them"
    "roles/bigquery.jobUser"               = "estimates the bytes of a release by dry runs"
    "roles/cloudbuild.builds.editor"       = "builds images"
    "roles/cloudfunctions.admin"           = "makes functions and grants calling them"
    "roles/cloudscheduler.admin"           = "makes the ticks"
    "roles/dataform.admin"                 = "makes the repository, commits to it and grants on it"
    "roles/datastore.owner"                = "makes the database, its indexes and its TTL"
    "roles/eventarc.admin"                 = "makes triggers"
    "roles/iam.roleViewer"                 = "reads the custom role that it holds; a person changes it"
    "roles/iam.serviceAccountAdmin"        = "makes an account for each part, and grants on it"
    "roles/iam.workloadIdentityPoolViewer" = "reads the pool that lets it in; a person changes it"
    "roles/logging.configWriter"           = "makes log-based metrics"
    "roles/monitoring.editor"              = "makes alert policies, channels and the dashboard"
    "roles/pubsub.admin"                   = "makes topics and subscriptions, and grants on them"
    "roles/run.admin"                      = "makes jobs and grants running them, and calling the functions' services"
    "roles/serviceusage.serviceUsageAdmin" = "enables APIs"
    "roles/storage.admin"                  = "makes buckets, grants on them, uploads bundles, keeps the state"
    "roles/workflows.admin"                = "makes the workflow"
  }
  subject = "repo:${var.github_repository}:environment:${var.environment}"
}

resource "google_iam_workload_identity_pool" "github" {
  project                   = var.project_id
  workload_identity_pool_id = "ripple-github"
  display_name              = "Ripple: GitHub Actions"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125: the condition names sub, repository and ref; the check cannot read them from variables, a test of the module does
  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  # Whoever has a GitHub account can have a token of this issuer: the condition is what distinguishes one repository from all others.
  attribute_condition = "assertion.sub == '${local.subject}' && assertion.repository == '${var.github_repository}' && assertion.ref == 'refs/heads/${var.branch}'"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deploy" {
  project      = var.project_id
  account_id   = "ripple-deploy"
  display_name = "Ripple: deploys from GitHub Actions"
}

resource "google_service_account_iam_member" "github_deploys" {
  service_account_id = google_service_account.deploy.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${local.subject}"
}

resource "google_project_iam_member" "makes" {
  # checkov:skip=CKV_GCP_49: whoever makes accounts and builds can grant on them; docs/security.md says what limits it
  for_each = local.roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.deploy.member
}

# It grants parts their roles on the project, those and no other: not itself, not anything that leads to more.
resource "google_project_iam_member" "grants_parts" {
  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.deploy.member

  condition {
    title       = "roles_of_parts"
    description = "Only the roles that Ripple's parts hold on the project."
    expression = format(
      "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([%s])",
      join(", ", [for role in sort(tolist(var.grantable_roles)) : "'${role}'"]),
    )
  }
}

resource "google_service_account_iam_member" "attaches" {
  for_each = var.act_as

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deploy.member
}

# secretmanager.admin would also read the pepper. This makes the secret and adds a version, and cannot read one.
resource "google_project_iam_custom_role" "secret_keeper" {
  project     = var.project_id
  role_id     = "rippleSecretKeeper"
  title       = "Ripple: keeps secrets without reading them"
  description = "Makes secrets, grants on them and adds versions."
  permissions = [
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.secrets.update",
    "secretmanager.versions.add",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
  ]
}

resource "google_project_iam_member" "keeps_secrets" {
  project = var.project_id
  role    = "projects/${var.project_id}/roles/${google_project_iam_custom_role.secret_keeper.role_id}"
  member  = google_service_account.deploy.member
}

resource "google_billing_account_iam_member" "keeps_budget" {
  count = var.billing_account == null ? 0 : 1

  billing_account_id = var.billing_account
  role               = "roles/billing.costsManager"
  member             = google_service_account.deploy.member
}
