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

variable "location" {
  description = "Location of the database, such as nam5 or europe-west1; null for the region. It cannot be changed later."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the database. Ripple's clients use the one called (default)."
  type        = string
  default     = "(default)"
}

variable "indexes" {
  description = "Composite indexes by name: the collection and the fields that a query compares, in order."
  type = map(object({
    collection = string
    fields     = list(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for index in values(var.indexes) : length(index.fields) >= 2])
    error_message = "An index has fewer than two fields: Firestore indexes single fields itself."
  }
}

variable "expiries" {
  description = "Collections whose documents expire, each with its field that holds the moment."
  type        = map(string)
  default     = {}
}

variable "unindexed" {
  description = "Fields that no query compares and that are large or only grow: indexing them costs every write."
  type = list(object({
    collection = string
    field      = string
  }))
  default = []
}

variable "deletion_protection" {
  description = "Whether Firestore refuses to delete the database."
  type        = bool
  default     = true
}
