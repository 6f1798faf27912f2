variable "project_id" {
  description = "Project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter."
  }
}

variable "billing_account" {
  description = "Billing account that pays for the project: XXXXXX-XXXXXX-XXXXXX."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account is three groups of six hex digits, as `gcloud billing accounts list` prints it."
  }
}

variable "project_number" {
  description = "Number of the project: a budget knows projects by number only."
  type        = string
}

variable "monthly_amount" {
  description = "What a month may cost, in whole units of the account's currency."
  type        = number

  validation {
    condition     = var.monthly_amount >= 1 && floor(var.monthly_amount) == var.monthly_amount
    error_message = "monthly_amount is a whole number of at least 1, in the account's currency."
  }
}

variable "thresholds" {
  description = "Shares of the amount at which mail is sent; the last also by forecast."
  type        = list(number)
  default     = [0.5, 0.9, 1.0]

  validation {
    condition     = length(var.thresholds) > 0 && alltrue([for share in var.thresholds : share > 0 && share <= 2])
    error_message = "thresholds are shares of the amount above 0 and at most 2: 0.5 is half of it."
  }
}

variable "notification_channels" {
  description = "Monitoring channels that are notified; the account's administrators are notified anyway."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.notification_channels) <= 5
    error_message = "A budget notifies at most five channels: use a mailing list."
  }
}
