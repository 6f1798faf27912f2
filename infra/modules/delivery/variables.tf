variable "project_id" {
  description = "Project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter."
  }
}

variable "github_repository" {
  description = "The one repository whose main branch may deploy: owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository is owner/name, without https://github.com/ and without .git."
  }
}

variable "branch" {
  description = "The branch that may deploy."
  type        = string
  default     = "main"
}

variable "environment" {
  description = "GitHub environment that a deploying job must run in; its reviewers approve each deployment."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.environment))
    error_message = "environment is the name of a GitHub environment, such as prod."
  }
}

variable "act_as" {
  description = "Accounts that a deployment attaches to what it makes: a name for each full name projects/P/serviceAccounts/EMAIL."
  type        = map(string)

  validation {
    condition     = alltrue([for account in values(var.act_as) : startswith(account, "projects/")])
    error_message = "act_as holds full names, projects/PROJECT/serviceAccounts/EMAIL, so that acting as them is granted on each alone."
  }
}

variable "grantable_roles" {
  description = "Roles that a deployment may grant on the project: those that Ripple's parts hold there, and no other."
  type        = set(string)

  validation {
    condition = length(setintersection(var.grantable_roles, [
      "roles/owner", "roles/editor", "roles/resourcemanager.projectIamAdmin",
      "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser", "roles/iam.serviceAccountAdmin",
    ])) == 0
    error_message = "grantable_roles holds a role by which a deployment could make itself the project's owner."
  }
  validation {
    condition     = length(var.grantable_roles) <= 10
    error_message = "A condition takes a list of at most ten roles."
  }
}

variable "billing_account" {
  description = "Billing account whose budgets a deployment keeps; null where no budget is made."
  type        = string
  default     = null
}
