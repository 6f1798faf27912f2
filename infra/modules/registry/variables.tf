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
  description = "Id of the repository."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", var.name))
    error_message = "name has at most 63 of a-z, 0-9 and '-', begins with a letter and does not end with '-'."
  }
}

variable "description" {
  description = "What the repository holds, in a sentence."
  type        = string
}

variable "keep_versions" {
  description = "How many versions of an image are kept whatever their age."
  type        = number
  default     = 20

  validation {
    condition     = var.keep_versions >= 2
    error_message = "keep_versions is at least 2: a release can only be rolled back to an image that is still there."
  }
}

variable "keep_tag_prefix" {
  description = "Images whose tag begins so are kept; null to keep none by tag."
  type        = string
  default     = null
}

variable "delete_after_days" {
  description = "Days of age after which an image is deleted, if nothing keeps it."
  type        = number
  default     = 90

  validation {
    condition     = var.delete_after_days >= 1
    error_message = "delete_after_days is at least 1."
  }
}

variable "iam" {
  description = "Who has which role on the repository: role => name => member."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for role in keys(var.iam) : startswith(role, "roles/artifactregistry.")])
    error_message = "iam takes roles of Artifact Registry, roles/artifactregistry.*."
  }
}
