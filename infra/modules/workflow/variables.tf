variable "project_id" {
  description = "Project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter."
  }
}

variable "region" {
  description = "Region, such as europe-west1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is one region, such as europe-west1, not a zone or a multi-region."
  }
}

variable "labels" {
  description = "Labels of every resource that can bear them."
  type        = map(string)
  default     = {}
}

variable "name" {
  description = "Name of the workflow, by which functions start it."
  type        = string
  default     = "run_elt"
}

variable "source_path" {
  description = "Path of the workflow's YAML."
  type        = string

  validation {
    condition     = endswith(var.source_path, ".yaml") && fileexists(var.source_path)
    error_message = "source_path names no YAML file that exists: the workflow is workflows/run_elt.yaml."
  }
}

variable "env" {
  description = "What the workflow reads by sys.get_env: buckets, the Dataform repository and its account, the events topic."
  type        = map(string)

  validation {
    condition = length(setsubtract([
      "CHECKED_BUCKET", "QUARANTINE_BUCKET", "CONTROL_BUCKET", "FEATURES_BUCKET",
      "DATAFORM_REPOSITORY", "DATAFORM_SERVICE_ACCOUNT", "EVENTS_TOPIC",
    ], keys(var.env))) == 0
    error_message = "env lacks a variable that workflows/run_elt.yaml reads: its first lines list them."
  }
}

variable "call_log_level" {
  description = "Which calls of an execution are logged."
  type        = string
  default     = "LOG_ERRORS_ONLY"

  validation {
    condition     = contains(["LOG_ALL_CALLS", "LOG_ERRORS_ONLY"], var.call_log_level)
    error_message = "call_log_level is LOG_ALL_CALLS or LOG_ERRORS_ONLY: a run that fails unlogged cannot be explained."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the workflow."
  type        = bool
  default     = false
}

variable "events_topic" {
  description = "Topic (full name or name) on which the run's end is stated."
  type        = string
}

variable "dataform_repository" {
  description = "Name of the Dataform repository that is compiled and invoked."
  type        = string
}

variable "dataform_service_account" {
  description = "Full name of the account that Dataform executes as (projects/P/serviceAccounts/EMAIL)."
  type        = string

  validation {
    condition     = startswith(var.dataform_service_account, "projects/")
    error_message = "dataform_service_account is a full name, projects/PROJECT/serviceAccounts/EMAIL, so that acting as it is granted on it alone."
  }
}

variable "snapshot_dataset" {
  description = "Dataset with snapshot_versions, which the run reads at its end."
  type        = string
}

variable "firestore_database" {
  description = "Database that holds the claims."
  type        = string
  default     = "(default)"
}
