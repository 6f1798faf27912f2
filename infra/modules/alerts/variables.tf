variable "project_id" {
  description = "Project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter."
  }
}

variable "labels" {
  description = "Labels of alert policies and channels."
  type        = map(string)
  default     = {}
}

variable "emails" {
  description = "Addresses that are notified. A mailing list is better than people."
  type        = set(string)

  validation {
    condition     = alltrue([for address in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "emails holds something that is no mail address."
  }
}

variable "runbooks_path" {
  description = "Folder of the runbooks, one for each policy: a mail holds its whole text. Null: docs/runbooks of this repository."
  type        = string
  default     = null
}

variable "runbooks_url" {
  description = "Where the same runbooks can be read, for a link in the mail; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.runbooks_url == null || can(regex("^https://[^ ]+[^/]$", var.runbooks_url))
    error_message = "runbooks_url begins with https:// and ends without a slash."
  }
}

variable "dead_letters_topic" {
  description = "Name of the topic that dead letters go to."
  type        = string
  default     = "ripple-dead-letters"
}

variable "subscriptions" {
  description = "Names of every subscription: push subscriptions and ledgers."
  type        = set(string)

  validation {
    condition     = length(var.subscriptions) > 0 && alltrue([for name in var.subscriptions : !strcontains(name, "/")])
    error_message = "subscriptions are short names, at least one: metrics know no full names."
  }
}

variable "workflow" {
  description = "Name of the workflow."
  type        = string
  default     = "run_elt"
}

variable "sweep_service" {
  description = "Name of the function that finds what fell silent, whose own silence is reported too."
  type        = string
  default     = "sweep"
}

variable "quarantine_ratio" {
  description = "Share of a flow's rows of a day that may be in quarantine."
  type        = number
  default     = 0.03

  validation {
    condition     = var.quarantine_ratio > 0 && var.quarantine_ratio < 1
    error_message = "quarantine_ratio is a share between 0 and 1: 0.03 is 3 %."
  }
}

variable "freshness_hours" {
  description = "Hours after which gold that no run has renewed is stale; null where nothing is due, as when the daily tick rests."
  type        = number
  default     = null

  validation {
    condition     = var.freshness_hours == null || try(var.freshness_hours >= 1 && var.freshness_hours <= 720, false)
    error_message = "freshness_hours is between 1 and 720: with a daily tick, 26 leaves a run two hours."
  }
}

variable "backlog_minutes" {
  description = "Minutes that a message may wait for its first success."
  type        = number
  default     = 60

  validation {
    condition     = var.backlog_minutes >= 15
    error_message = "backlog_minutes is at least 15: a function may take 9, and the longest backoff is 10."
  }
}
