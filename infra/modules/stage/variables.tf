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
  description = "The stage, as functions/ calls it: its entry point."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(_[a-z]+)*$", var.name))
    error_message = "name is that of a folder in functions/, such as start_batch."
  }
}

variable "service" {
  description = "Name of the function and of its Cloud Run service."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,47}[a-z0-9]$", var.service))
    error_message = "service has at most 49 of a-z, 0-9 and '-', begins with a letter and does not end with '-'."
  }
}

variable "service_account" {
  description = "The identity that the function runs as: email and member."
  type = object({
    email  = string
    member = string
  })

  validation {
    condition     = !can(regex("-compute@developer[.]|@appspot[.]", var.service_account.email))
    error_message = "service_account is a default account, which may do nearly all: make one for the function alone."
  }
}

variable "caller" {
  description = "The identity by which Pub/Sub and Eventarc call the function: email, member and full name."
  type = object({
    email  = string
    member = string
    id     = string
  })

  validation {
    condition     = var.caller.email != var.service_account.email
    error_message = "caller is the identity that the function runs as: who calls it could then do all that it may."
  }
}

variable "runtime" {
  description = "Runtime of the function."
  type        = string
  default     = "python313"

  validation {
    condition     = contains(["python312", "python313", "python314"], var.runtime)
    error_message = "runtime is python312, python313 or python314: the bundles are locked and tested for no other."
  }
}

variable "bundle" {
  description = "The source that `make bundle` made: path of the zip and its SHA-256 in hex."
  type = object({
    path   = string
    sha256 = string
  })

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.bundle.sha256))
    error_message = "bundle.sha256 is no SHA-256 of 64 hex digits: read it from build/bundles/manifest.json."
  }
  validation {
    condition     = endswith(var.bundle.path, ".zip")
    error_message = "bundle.path is no zip: run `make bundle`."
  }
}

variable "sources_bucket" {
  description = "Bucket that bundles are uploaded to."
  type        = string
}

variable "build" {
  description = "Who builds the function, as a full name (projects/P/serviceAccounts/EMAIL), and the repository that its image goes to."
  type = object({
    service_account = string
    repository      = string
  })

  validation {
    condition     = can(regex("^projects/[^/]+/serviceAccounts/[^/]+$", var.build.service_account))
    error_message = "build.service_account is a full name, projects/PROJECT/serviceAccounts/EMAIL: else the default account builds, which may do nearly all."
  }
}

variable "limits" {
  description = "What the function may use: seconds a request, mebibytes, instances at once, requests an instance takes at once."
  type = object({
    timeout_seconds = number
    memory_mib      = number
    max_instances   = number
    concurrency     = optional(number, 1)
  })

  validation {
    condition     = var.limits.timeout_seconds >= 1 && var.limits.timeout_seconds <= 3600
    error_message = "limits.timeout_seconds is 1 to 3600."
  }
  validation {
    condition     = var.limits.memory_mib >= 256 && var.limits.memory_mib <= 4096
    error_message = "limits.memory_mib is 256 to 4096: one CPU takes no more."
  }
  validation {
    condition     = var.limits.max_instances >= 1 && var.limits.max_instances <= 1000
    error_message = "limits.max_instances is 1 to 1000. To stop a stage, remove its grant to be called."
  }
}

variable "env" {
  description = "Environment of the function; ripple/deployment/settings.py says what it reads."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["GOOGLE_CLOUD_PROJECT", "RIPPLE_LOCATION"], keys(var.env))) == 0
    error_message = "env lacks GOOGLE_CLOUD_PROJECT or RIPPLE_LOCATION, without which no function starts."
  }
}

variable "subscriptions" {
  description = "What Pub/Sub pushes to the function, by name of the subscription. Facts are unwrapped, commands keep their envelope."
  type = map(object({
    topic                   = string
    filter                  = string
    unwrapped               = bool
    ack_deadline_seconds    = number
    retention_seconds       = number
    minimum_backoff_seconds = number
    maximum_backoff_seconds = number
    attempts                = number
  }))
  default = {}

  validation {
    condition     = alltrue([for push in values(var.subscriptions) : push.filter != ""])
    error_message = "A subscription has no filter: the function would be called for every message of the topic."
  }
  validation {
    condition     = alltrue([for push in values(var.subscriptions) : push.attempts >= 5 && push.attempts <= 100])
    error_message = "attempts are 5 to 100 deliveries before a message is a dead letter."
  }
  validation {
    condition     = alltrue([for push in values(var.subscriptions) : push.ack_deadline_seconds >= 10 && push.ack_deadline_seconds <= 600])
    error_message = "ack_deadline_seconds is 10 to 600."
  }
}

variable "triggers" {
  description = "What Eventarc brings to the function, by name of the trigger: objects that are finished in a bucket."
  type = map(object({
    bucket     = string
    event_type = string
  }))
  default = {}
}

variable "dead_letters_topic" {
  description = "Full name of the topic that undeliverable messages go to, projects/P/topics/T."
  type        = string

  validation {
    condition     = can(regex("^projects/[^/]+/topics/[^/]+$", var.dead_letters_topic))
    error_message = "dead_letters_topic is a full name, projects/PROJECT/topics/NAME."
  }
}

variable "pubsub_agent" {
  description = "Member of Pub/Sub's service agent."
  type        = string
}

variable "project_roles" {
  description = "Roles of the function's identity on the project, each under a name, with its condition if it can have one."
  type = map(object({
    role = string
    condition = optional(object({
      title       = string
      description = string
      expression  = string
    }))
  }))
  default = {}

  validation {
    condition = length(setintersection([for grant in values(var.project_roles) : grant.role], [
      "roles/owner", "roles/editor", "roles/viewer", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser",
    ])) == 0
    error_message = "project_roles holds a role that lets the function act as others or touch everything: grant it on one resource."
  }
}
