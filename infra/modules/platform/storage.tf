locals {
  # What is written once is never overwritten, so that versions are for what changes: models' records.
  buckets = {
    landing    = { colder_after_days = { NEARLINE = 90 } }
    bronze     = { colder_after_days = { NEARLINE = 90, COLDLINE = 365 } }
    checked    = {}
    quarantine = { colder_after_days = { NEARLINE = 90 } }
    control    = {}
    features   = { colder_after_days = { NEARLINE = 30 } }
    models     = { versioning = true }
  }
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(local.topology.buckets)

  project_id        = local.project
  region            = var.region
  labels            = local.labels
  name              = "${var.project_id}-${each.key}"
  versioning        = lookup(local.buckets[each.key], "versioning", false)
  colder_after_days = lookup(local.buckets[each.key], "colder_after_days", {})
  force_destroy     = !var.protect
  iam               = local.bucket_iam[each.key]
}

# Bundles of functions and the sources of images. A bundle that is deployed is listed in Terraform's state and stays.
module "sources" {
  source = "../bucket"

  project_id        = local.project
  region            = var.region
  labels            = local.labels
  name              = "${var.project_id}-sources"
  force_destroy     = true
  delete_after_days = 30
  delete_prefixes   = ["images/"]
  iam = {
    "roles/storage.objectViewer"  = { build = google_service_account.build.member }
    "roles/storage.objectCreator" = { build = google_service_account.build.member }
  }
}
