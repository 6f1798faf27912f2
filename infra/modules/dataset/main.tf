locals {
  grants = merge([
    for role, members in var.iam : { for who, member in members : "${role} ${who}" => { role = role, member = member } }
  ]...)
}

resource "google_bigquery_dataset" "dataset" {
  # checkov:skip=CKV_GCP_81: Google's keys: nothing here must be withdrawn from Google itself, and a lost key would lose the data
  project                    = var.project_id
  dataset_id                 = var.name
  description                = var.description
  location                   = var.region
  labels                     = var.labels
  max_time_travel_hours      = "168"
  delete_contents_on_destroy = var.delete_contents_on_destroy
}

resource "google_bigquery_dataset_iam_member" "grant" {
  for_each = local.grants

  project    = var.project_id
  dataset_id = google_bigquery_dataset.dataset.dataset_id
  role       = each.value.role
  member     = each.value.member
}
