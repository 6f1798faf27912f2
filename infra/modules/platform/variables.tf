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
  description = "Labels of every resource that can bear them, beside app = ripple."
  type        = map(string)
  default     = {}
}

variable "repository_root" {
  description = "Root of the checkout, which the paths of bundles begin at."
  type        = string
}

variable "bundles" {
  description = "The functions' sources by stage, as build/bundles/manifest.json says them: path from the checkout's root, SHA-256 in hex."
  type = map(object({
    path   = string
    sha256 = string
  }))

  validation {
    condition = length(setsubtract(
      keys(jsondecode(file("${path.module}/../../topology.json")).stages), keys(var.bundles)
    )) == 0
    error_message = "bundles lacks a function of infra/topology.json: run `make bundle`, and pass its manifest."
  }
}

variable "images" {
  description = "Images by digest: of the generator jobs, and the one that the pipeline's spec was compiled for."
  type = object({
    generators = string
    pipelines  = string
  })

  validation {
    condition     = try(alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))]), false)
    error_message = "An image is named by its digest, REPOSITORY/NAME@sha256:...: a tag may be another image tomorrow."
  }
}

variable "pipeline_spec" {
  description = "The compiled training pipeline under its hash: gs://PROJECT-models/specs/SHA256.json."
  type        = string

  validation {
    condition     = can(regex("^gs://[a-z0-9._-]+/specs/[0-9a-f]{64}[.]json$", var.pipeline_spec))
    error_message = "pipeline_spec is gs://BUCKET/specs/SHA256.json: a spec that can change would make two trainings of one id differ."
  }
}

variable "pepper_version" {
  description = "Version of the pepper that tokens are made with. Another one makes tokens that join with none made before."
  type        = number
  default     = 1

  validation {
    condition     = var.pepper_version >= 1 && floor(var.pepper_version) == var.pepper_version
    error_message = "pepper_version is the number of a version, from 1."
  }
}

variable "workflow_source" {
  description = "Path of the workflow's YAML; null for that of the repository."
  type        = string
  default     = null
}

variable "alert_emails" {
  description = "Addresses that are notified of what goes wrong."
  type        = set(string)
  default     = []
}

variable "billing_account" {
  description = "Billing account to make a budget on; null for no budget."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "What a month may cost before mail is sent, in whole units of the billing account's currency."
  type        = number
  default     = 50
}

variable "github_repository" {
  description = "Repository (owner/name) whose Actions may deploy, by Workload Identity Federation; null for none."
  type        = string
  default     = null
}

variable "github_environment" {
  description = "GitHub environment that a deploying job must run in."
  type        = string
  default     = "prod"
}

variable "operators" {
  description = "People who send ticks and replays and look at what came of them: name => member, such as user: or group:."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.operators) : can(regex("^(user|group):.+@.+$", member))])
    error_message = "operators are people, as user:EMAIL or group:EMAIL."
  }
}

variable "caps" {
  description = "What the platform may use at most: instances by stage, in place of the topology's, and bytes that queries read in a day."
  type = object({
    max_instances     = optional(map(number), {})
    daily_query_bytes = optional(number)
  })
  default = {}

  validation {
    condition = length(setsubtract(
      keys(var.caps.max_instances), keys(jsondecode(file("${path.module}/../../topology.json")).stages)
    )) == 0
    error_message = "caps.max_instances names a stage that infra/topology.json does not know."
  }
  validation {
    condition     = var.caps.daily_query_bytes == null || try(var.caps.daily_query_bytes >= 10737418240, false)
    error_message = "caps.daily_query_bytes is at least 10 GiB: below it a day's runs would not end."
  }
}

variable "protect" {
  description = "Whether data outlives a mistake: buckets that hold objects, the ledgers' tables and Firestore are then not destroyed."
  type        = bool
  default     = true
}

variable "simulated" {
  description = "Whether the world is simulated: training is then held against what is true of it."
  type        = bool
  default     = false
}

variable "daily_tick" {
  description = "Whether the daily tick runs the generators; else it rests until someone resumes it."
  type        = bool
  default     = false
}

variable "firestore_location" {
  description = "Location of the database, such as nam5; null for the region. It cannot be changed later."
  type        = string
  default     = null
}

variable "function_env" {
  description = "More environment for the functions, such as RIPPLE_REJECT_RATIO; ripple/deployment/settings.py lists it."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.function_env) : startswith(name, "RIPPLE_")])
    error_message = "function_env holds settings of Ripple, whose names begin with RIPPLE_."
  }
}
