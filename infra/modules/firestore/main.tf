resource "google_firestore_database" "database" {
  project                           = var.project_id
  name                              = var.name
  location_id                       = coalesce(var.location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"
}

resource "google_firestore_index" "index" {
  for_each = var.indexes

  project     = var.project_id
  database    = google_firestore_database.database.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }
}

resource "google_firestore_field" "expiry" {
  for_each = var.expiries

  project    = var.project_id
  database   = google_firestore_database.database.name
  collection = each.key
  field      = each.value

  ttl_config {}

  # Nobody queries by it, and an index over times that only grow slows every write.
  index_config {}
}

# Only what Firestore's queries would scan too much for is listed in indexes; one field at a time is indexed by itself.
resource "google_firestore_field" "unindexed" {
  for_each = { for field in var.unindexed : "${field.collection}.${field.field}" => field }

  project    = var.project_id
  database   = google_firestore_database.database.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}
}
