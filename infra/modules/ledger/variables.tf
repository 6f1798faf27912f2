variable "project_id" {
  description = "Project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter."
  }
}

variable "labels" {
  description = "Labels of every resource that can bear them."
  type        = map(string)
  default     = {}
}

variable "subscription" {
  description = "Name of the subscription that writes the ledger."
  type        = string
}

variable "topic" {
  description = "Full name of the topic whose messages are kept, projects/P/topics/T."
  type        = string

  validation {
    condition     = can(regex("^projects/[^/]+/topics/[^/]+$", var.topic))
    error_message = "topic is a full name, projects/PROJECT/topics/NAME."
  }
}

variable "dataset" {
  description = "Dataset of the table."
  type        = string
}

variable "table" {
  description = "Table that the messages are written to."
  type        = string
}

variable "description" {
  description = "What the table holds, in a sentence."
  type        = string
}

variable "columns" {
  description = "Columns of the table in order, each [name, type], as a BigQuery subscription with metadata writes them."
  type        = list(tuple([string, string]))

  validation {
    condition = length(setsubtract(
      ["subscription_name", "message_id", "publish_time", "data", "attributes"], [for column in var.columns : column[0]]
    )) == 0
    error_message = "columns lacks one that Pub/Sub writes: subscription_name, message_id, publish_time, data, attributes."
  }
}

variable "delivery" {
  description = "How Pub/Sub tries: seconds it keeps and waits, attempts before a message is a dead letter; null for never."
  type = object({
    retention_seconds       = number
    minimum_backoff_seconds = number
    maximum_backoff_seconds = number
    attempts                = optional(number)
  })

  validation {
    condition     = var.delivery.retention_seconds <= 31 * 86400
    error_message = "delivery.retention_seconds is at most 31 days: Pub/Sub keeps nothing longer."
  }
}

variable "dead_letters_topic" {
  description = "Full name of the topic of dead letters; null for the ledger of the dead letters themselves."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letters_topic != null || var.delivery.attempts == null
    error_message = "delivery.attempts is set and dead_letters_topic is not: what could not be written would be lost."
  }
}

variable "pubsub_agent" {
  description = "Member of Pub/Sub's service agent."
  type        = string
}

variable "readers" {
  description = "Who reads the table: name => member."
  type        = map(string)
  default     = {}
}

variable "keep_days" {
  description = "Days after which a day's rows are deleted; null to keep them."
  type        = number
  default     = null

  validation {
    condition     = var.keep_days == null || try(var.keep_days >= 31, false)
    error_message = "keep_days is at least 31, or null: an event may arrive a month after it was published."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the table."
  type        = bool
  default     = true
}

variable "grant_wait" {
  description = "How long a grant on the table may be unknown: Pub/Sub refuses the subscription until then."
  type        = string
  default     = "60s"
}
