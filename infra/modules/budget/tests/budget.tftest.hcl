mock_provider "google" {}

variables {
  project_id      = "my-project"
  project_number  = "123456789012"
  billing_account = "0123AB-4567CD-89EF01"
  monthly_amount  = 200
}

run "it_counts_the_one_project" {
  assert {
    condition     = google_billing_budget.month.budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget counts other projects too."
  }
  assert {
    condition     = google_billing_budget.month.amount[0].specified_amount[0].units == "200"
    error_message = "The amount is another."
  }
  assert {
    condition     = contains([for rule in google_billing_budget.month.threshold_rules : rule.spend_basis], "FORECASTED_SPEND")
    error_message = "Nobody is notified before the money is spent."
  }
}

run "an_amount_is_whole" {
  command = plan
  variables {
    monthly_amount = 0.5
  }
  expect_failures = [var.monthly_amount]
}

run "an_account_is_three_groups" {
  command = plan
  variables {
    billing_account = "billingAccounts/0123AB-4567CD-89EF01"
  }
  expect_failures = [var.billing_account]
}
