variable "project_id" {
  description = "Project that everything is made in."
  type        = string
}

variable "region" {
  description = "Region, such as europe-west1."
  type        = string
}

# What a deployment computes: build/delivery.auto.tfvars.json. Without them only the places that they are put into can be made.
variable "bundles" {
  description = "The functions' sources by stage: path from the checkout's root, SHA-256 in hex."
  type        = map(object({ path = string, sha256 = string }))
  default     = {}
}

variable "images" {
  description = "Images by digest: generators and pipelines."
  type        = object({ generators = string, pipelines = string })
  default     = null
}

variable "pipeline_spec" {
  description = "The compiled training pipeline under its hash, gs://PROJECT-models/specs/SHA256.json."
  type        = string
  default     = null
}

variable "pepper_version" {
  description = "Version of the pepper that tokens are made with."
  type        = number
  default     = 1
}

# What a person decides.
variable "alert_emails" {
  description = "Addresses that are notified of what goes wrong."
  type        = set(string)
  default     = []
}

variable "operators" {
  description = "People who send ticks and replays and look at what came of them: name => member."
  type        = map(string)
  default     = {}
}

variable "billing_account" {
  description = "Billing account to make a budget on; null for no budget."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "What a month may cost before mail is sent, in the billing account's currency."
  type        = number
  default     = 50
}

variable "github_repository" {
  description = "Repository (owner/name) whose Actions may deploy; null for none."
  type        = string
  default     = null
}

variable "caps" {
  description = "What the platform may use at most: instances by stage, bytes that queries read in a day."
  type = object({
    max_instances     = optional(map(number), {})
    daily_query_bytes = optional(number)
  })
  default = {}
}

variable "firestore_location" {
  description = "Location of the database; null for the region. It cannot be changed later."
  type        = string
  default     = null
}

variable "simulated" {
  description = "Whether the generators' world is the one that is looked at: training is then held against what is true of it. False where real files arrive."
  type        = bool
  default     = true
}

variable "daily_tick" {
  description = "Whether the daily tick runs the generators; else it rests until someone resumes it."
  type        = bool
  default     = true
}
