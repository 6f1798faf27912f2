mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/my-project/serviceAccounts/ripple-deploy@my-project.iam.gserviceaccount.com"
      id     = "projects/my-project/serviceAccounts/ripple-deploy@my-project.iam.gserviceaccount.com"
      email  = "ripple-deploy@my-project.iam.gserviceaccount.com"
      member = "serviceAccount:ripple-deploy@my-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id        = "my-project"
  github_repository = "example/ripple"
  environment       = "prod"
  grantable_roles   = ["roles/bigquery.jobUser", "roles/datastore.user"]
  act_as            = { sweep = "projects/my-project/serviceAccounts/ripple-sweep@my-project.iam.gserviceaccount.com" }
}

run "one_repository_one_branch_one_environment" {
  assert {
    condition     = strcontains(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.repository == 'example/ripple'")
    error_message = "Any repository on GitHub could deploy."
  }
  assert {
    condition     = strcontains(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.ref == 'refs/heads/main'")
    error_message = "Any branch could deploy."
  }
  assert {
    condition     = endswith(google_service_account_iam_member.github_deploys.member, "/subject/repo:example/ripple:environment:prod")
    error_message = "Another subject than the environment's may become ripple-deploy."
  }
}

run "it_grants_the_roles_of_parts_and_no_other" {
  assert {
    condition     = strcontains(google_project_iam_member.grants_parts.condition[0].expression, ".hasOnly(['roles/bigquery.jobUser', 'roles/datastore.user'])")
    error_message = "A deployment could grant anything."
  }
  assert {
    condition = length(setintersection(keys(google_project_iam_member.makes), [
      "roles/owner", "roles/editor", "roles/resourcemanager.projectIamAdmin", "roles/secretmanager.admin",
      "roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.workloadIdentityPoolAdmin",
    ])) == 0
    error_message = "A role is wider than a deployment needs."
  }
}

run "it_keeps_secrets_without_reading_them" {
  assert {
    condition     = !contains(google_project_iam_custom_role.secret_keeper.permissions, "secretmanager.versions.access")
    error_message = "A deployment could read the pepper."
  }
}

run "no_role_may_lead_to_owner" {
  command = plan
  variables {
    grantable_roles = ["roles/editor"]
  }
  expect_failures = [var.grantable_roles]
}

run "a_repository_is_no_address" {
  command = plan
  variables {
    github_repository = "https://github.com/example/ripple"
  }
  expect_failures = [var.github_repository]
}

run "accounts_are_named_in_full" {
  command = plan
  variables {
    act_as = { sweep = "ripple-sweep@my-project.iam.gserviceaccount.com" }
  }
  expect_failures = [var.act_as]
}
