locals {
  source_object = "functions/${var.name}-${substr(var.bundle.sha256, 0, 16)}.zip"
}

resource "google_storage_bucket_object" "bundle" {
  bucket = var.sources_bucket
  name   = local.source_object
  source = var.bundle.path

  # The function moves to the new bundle before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_cloudfunctions2_function" "stage" {
  project     = var.project_id
  location    = var.region
  name        = var.service
  description = "The stage ${var.name}."
  labels      = var.labels

  build_config {
    runtime           = var.runtime
    entry_point       = var.name
    service_account   = var.build.service_account
    docker_repository = var.build.repository
    # A build dates every file of the source in 1980: bytecode is then checked by hash, or compiled again at every cold start.
    environment_variables = {
      GOOGLE_FUNCTION_SOURCE = "main.py"
      SOURCE_DATE_EPOCH      = "315532801"
    }

    source {
      storage_source {
        bucket = google_storage_bucket_object.bundle.bucket
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    service_account_email            = var.service_account.email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    min_instance_count               = 0
    max_instance_count               = var.limits.max_instances
    max_instance_request_concurrency = var.limits.concurrency
    available_cpu                    = "1"
    available_memory                 = "${var.limits.memory_mib}Mi"
    timeout_seconds                  = var.limits.timeout_seconds
    environment_variables            = var.env
  }
}
