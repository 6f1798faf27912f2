output "name" {
  description = "Name of the database."
  value       = google_firestore_database.database.name
}

output "user" {
  description = "The role by which a part reads and writes this database, with its condition: Firestore's roles are granted on projects only."
  value = {
    role = "roles/datastore.user"
    condition = {
      title       = "ripple_database"
      description = "Firestore's roles are granted on projects only; this is the one database."
      expression  = "resource.name == \"projects/${var.project_id}/databases/${var.name}\""
    }
  }
}
