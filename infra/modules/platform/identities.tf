# An identity for each part. Those of the workflow, of Dataform, of training and of delivery are made in their modules.
resource "google_service_account" "stage" {
  for_each = local.topology.stages

  project      = local.project
  account_id   = each.value.service_account
  display_name = "Ripple: the function ${each.key}"
}

resource "google_service_account" "caller" {
  for_each = local.topology.stages

  project      = local.project
  account_id   = each.value.caller
  display_name = "Ripple: calls the function ${each.key}"
}

resource "google_service_account" "job" {
  for_each = local.topology.jobs

  project      = local.project
  account_id   = each.value.service_account
  display_name = "Ripple: the job ${each.key}"
}

# Builds functions and images, in place of the default account, which may do nearly all.
resource "google_service_account" "build" {
  project      = local.project
  account_id   = "ripple-build"
  display_name = "Ripple: builds functions and images"
}

locals {
  # Full names, which a grant on an account takes.
  accounts = {
    for name, account in merge(
      { for name, account in google_service_account.stage : name => account },
      { for name, account in google_service_account.caller : "call_${name}" => account },
      { for name, account in google_service_account.job : name => account },
      { build = google_service_account.build },
    ) : name => "projects/${var.project_id}/serviceAccounts/${account.email}"
  }
}
