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

variable "topics" {
  description = "Topics of facts and commands."
  type        = set(string)

  validation {
    condition     = alltrue([for topic in var.topics : can(regex("^[a-zA-Z][a-zA-Z0-9._~+%-]{2,254}$", topic)) && !startswith(topic, "goog")])
    error_message = "A topic's name has 3 to 255 letters, digits and . _ ~ + % -, begins with a letter and not with goog."
  }
}

variable "dead_letters_topic" {
  description = "Topic of what could not be delivered or can never work."
  type        = string
}

variable "publishers" {
  description = "Who publishes where: topic => name => member."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.publishers), setunion(var.topics, [var.dead_letters_topic]))) == 0
    error_message = "publishers names a topic that is not among topics: say it there too."
  }
}

variable "pubsub_agent" {
  description = "Member of Pub/Sub's service agent."
  type        = string

  validation {
    condition     = startswith(var.pubsub_agent, "serviceAccount:")
    error_message = "pubsub_agent is the member serviceAccount:service-NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com."
  }
}
