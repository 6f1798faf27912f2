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
  description = "Name of the bucket, which is global: begin it with the project."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name))
    error_message = "name has 3 to 63 of a-z, 0-9, '-' and '_', and begins and ends with a letter or a digit."
  }
}

variable "versioning" {
  description = "Whether what is overwritten is kept: for records that change, not for objects that are written once."
  type        = bool
  default     = false
}

variable "soft_delete_days" {
  description = "Days in which what was deleted can be restored; 0 for none."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "soft_delete_days is 0, or 7 to 90: Cloud Storage takes nothing between."
  }
}

variable "colder_after_days" {
  description = "Days of age after which objects move to a colder class, by class: NEARLINE, COLDLINE."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.colder_after_days), ["NEARLINE", "COLDLINE"])) == 0
    error_message = "colder_after_days knows NEARLINE and COLDLINE: what is read by SQL must not lie in an archive."
  }
  validation {
    condition     = lookup(var.colder_after_days, "COLDLINE", 36500) > lookup(var.colder_after_days, "NEARLINE", 0)
    error_message = "Objects move to COLDLINE after they moved to NEARLINE, not before."
  }
}

variable "delete_after_days" {
  description = "Days of age after which objects are deleted; null to keep them."
  type        = number
  default     = null

  validation {
    condition     = var.delete_after_days == null || try(var.delete_after_days >= 1, false)
    error_message = "delete_after_days is at least 1, or null to keep objects for good."
  }
}

variable "delete_prefixes" {
  description = "What delete_after_days is about: names that begin so. Empty for every object."
  type        = list(string)
  default     = []
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the objects in it."
  type        = bool
  default     = false
}

variable "iam" {
  description = "Who has which role on the bucket: role => name => member."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for role in keys(var.iam) : startswith(role, "roles/storage.")])
    error_message = "iam takes roles of Cloud Storage, roles/storage.*: others say nothing about objects."
  }
  validation {
    condition = length(setintersection(
      flatten([for members in values(var.iam) : values(members)]), ["allUsers", "allAuthenticatedUsers"]
    )) == 0
    error_message = "iam makes the bucket public: no bucket of Ripple is."
  }
}
