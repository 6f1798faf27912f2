locals {
  runs = merge([
    for role, members in var.iam : { for who, member in members : "${role} ${who}" => { role = role, member = member } }
  ]...)
}

resource "google_cloud_run_v2_job" "job" {
  project             = var.project_id
  location            = var.region
  name                = var.name
  labels              = var.labels
  deletion_protection = false

  template {
    task_count  = var.limits.tasks
    parallelism = var.limits.tasks

    template {
      service_account       = var.service_account.email
      max_retries           = var.limits.retries
      timeout               = "${var.limits.timeout_seconds}s"
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.image
        # Whoever runs the job gives the arguments; they take the place of args, so that the module stands in the command.
        command = ["python", "-m", "generators.${var.flow}"]

        resources {
          limits = {
            cpu    = "1"
            memory = "${var.limits.memory_mib}Mi"
          }
        }

        dynamic "env" {
          for_each = var.env
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }
}

resource "google_cloud_run_v2_job_iam_member" "grant" {
  for_each = local.runs

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.job.name
  role     = each.value.role
  member   = each.value.member
}

resource "google_project_iam_member" "writes_documents" {
  count = var.firestore_database == null ? 0 : 1

  project = var.project_id
  role    = "roles/datastore.user"
  member  = var.service_account.member

  condition {
    title       = "ripple_database"
    description = "Firestore's roles are granted on projects only; this is the one database."
    expression  = "resource.name == \"projects/${var.project_id}/databases/${var.firestore_database}\""
  }
}
