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
  description = "Name of the job."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", var.name))
    error_message = "name has at most 63 of a-z, 0-9 and '-', begins with a letter and does not end with '-'."
  }
}

variable "flow" {
  description = "The flow that the job writes: its module in generators/."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(_[a-z]+)*$", var.flow))
    error_message = "flow is that of a module in generators/, such as sales."
  }
}

variable "service_account" {
  description = "The identity that the job runs as: email and member."
  type = object({
    email  = string
    member = string
  })

  validation {
    condition     = !can(regex("-compute@developer[.]|@appspot[.]", var.service_account.email))
    error_message = "service_account is a default account, which may do nearly all: make one for the job alone."
  }
}

variable "image" {
  description = "Image of the generators, by digest."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image is named by its digest, REPOSITORY/generators@sha256:...: a tag may be another image tomorrow."
  }
}

variable "limits" {
  description = "What the job may use: tasks at once, mebibytes and seconds a task, how often a task is tried again."
  type = object({
    tasks           = optional(number, 1)
    memory_mib      = optional(number, 2048)
    timeout_seconds = optional(number, 3600)
    retries         = optional(number, 3)
  })
  default = {}

  validation {
    condition     = var.limits.tasks >= 1 && var.limits.tasks <= 100
    error_message = "limits.tasks is 1 to 100: each task writes its own share of the blocks."
  }
  validation {
    condition     = var.limits.memory_mib >= 512 && var.limits.memory_mib <= 4096
    error_message = "limits.memory_mib is 512 to 4096: one CPU takes no more."
  }
}

variable "env" {
  description = "Environment of the job; generators/job.py says what it reads."
  type        = map(string)

  validation {
    condition     = contains(keys(var.env), "GOOGLE_CLOUD_PROJECT")
    error_message = "env lacks GOOGLE_CLOUD_PROJECT, without which no job starts."
  }
  validation {
    condition     = !can(regex("/versions/latest$", lookup(var.env, "PEPPER_SECRET", "")))
    error_message = "PEPPER_SECRET names a version by number, not latest: tokens of two peppers would not join."
  }
}

variable "firestore_database" {
  description = "Database that the job writes documents to; null if it writes none."
  type        = string
  default     = null
}

variable "iam" {
  description = "Who has which role on the job: role => name => member."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for role in keys(var.iam) : startswith(role, "roles/run.")])
    error_message = "iam takes roles of Cloud Run, roles/run.*."
  }
}
