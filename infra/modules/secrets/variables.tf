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
  description = "Id of the secret."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.name))
    error_message = "name has letters, digits, '_' and '-' only."
  }
}

variable "accessors" {
  description = "Who may read the secret's value: name => member."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.accessors) : startswith(member, "serviceAccount:")])
    error_message = "accessors are service accounts: no person needs the pepper, and who has it can undo every token."
  }
}
