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

variable "snapshot_bucket" {
  description = "Bucket that training reads its snapshots from."
  type        = string
}

variable "models_bucket" {
  description = "Bucket of models, scores and the pipeline's artifacts."
  type        = string
}

variable "truth_bucket" {
  description = "Bucket whose truth/ folder says what a simulated world's customers really do; null where the world is real."
  type        = string
  default     = null
}

variable "events_topic" {
  description = "Topic (full name or name) on which training's end is stated."
  type        = string
}

variable "image_repository" {
  description = "Artifact Registry repository of the pipeline's image."
  type        = string
}

variable "submitters" {
  description = "Who submits jobs that run as the training identity: a name for each member."
  type        = map(string)

  validation {
    condition     = alltrue([for member in values(var.submitters) : startswith(member, "serviceAccount:")])
    error_message = "submitters are service accounts, as serviceAccount:EMAIL: a person trains by a replay command."
  }
}
