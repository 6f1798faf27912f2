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

variable "topic" {
  description = "Full name of the topic of ticks: projects/P/topics/T."
  type        = string

  validation {
    condition     = can(regex("^projects/[^/]+/topics/[^/]+$", var.topic))
    error_message = "topic is a full name, projects/PROJECT/topics/NAME: the Scheduler takes no short one."
  }
}

variable "ticks" {
  description = "Ticks by job name: cron schedule, its time zone, the kind that subscriptions filter on, the message's JSON, whether the job rests."
  type = map(object({
    schedule  = string
    time_zone = optional(string, "Etc/UTC")
    kind      = string
    body      = optional(string, "{}")
    paused    = optional(bool, false)
  }))

  validation {
    condition     = alltrue([for tick in values(var.ticks) : length(split(" ", tick.schedule)) == 5])
    error_message = "A schedule has the five fields of cron: minute, hour, day, month, weekday, parted by one blank."
  }
  validation {
    condition     = alltrue([for tick in values(var.ticks) : contains(["batch", "sweep"], tick.kind)])
    error_message = "kind is batch or sweep: no subscription lets another through."
  }
  validation {
    condition     = alltrue([for tick in values(var.ticks) : can(keys(jsondecode(tick.body)))])
    error_message = "body is the text of a JSON object: write it with jsonencode."
  }
  validation {
    condition     = alltrue([for tick in values(var.ticks) : contains(["Etc/UTC", "UTC"], tick.time_zone)])
    error_message = "time_zone is Etc/UTC: where clocks change, a day's tick is skipped or sent twice."
  }
}
