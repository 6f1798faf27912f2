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

variable "repository" {
  description = "Name of the repository."
  type        = string
  default     = "ripple"
}

variable "datasets" {
  description = "Datasets that the project's statements write."
  type        = set(string)

  validation {
    condition     = length(var.datasets) > 0
    error_message = "datasets is empty: name those that dataform/definitions writes."
  }
}

variable "buckets_read" {
  description = "Buckets that external tables read, by role: checked, quarantine, control."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["checked", "quarantine", "control"], keys(var.buckets_read))) == 0
    error_message = "buckets_read lacks checked, quarantine or control: the external tables read all three."
  }
}

variable "snapshot_bucket" {
  description = "Bucket that snapshots are exported to."
  type        = string
}

variable "service_agent" {
  description = "Member of Dataform's service agent, as google_project_service_identity says it."
  type        = string

  validation {
    condition     = can(regex("^serviceAccount:service-", var.service_agent))
    error_message = "service_agent is the member serviceAccount:service-NUMBER@gcp-sa-dataform.iam.gserviceaccount.com."
  }
}
