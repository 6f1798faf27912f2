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
  description = "Id of the dataset: a layer of the warehouse."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.name))
    error_message = "name has letters, digits and '_' only."
  }
}

variable "description" {
  description = "What the dataset holds, in a sentence."
  type        = string
}

variable "delete_contents_on_destroy" {
  description = "Whether destroying the dataset deletes the tables in it."
  type        = bool
  default     = false
}

variable "iam" {
  description = "Who has which role on the dataset: role => name => member."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for role in keys(var.iam) : startswith(role, "roles/bigquery.data")])
    error_message = "iam takes roles on data, roles/bigquery.data*: others mean nothing on a dataset."
  }
}
