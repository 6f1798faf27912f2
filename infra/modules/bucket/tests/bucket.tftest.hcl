mock_provider "google" {}

variables {
  project_id        = "my-project"
  region            = "europe-west1"
  name              = "my-project-bronze"
  colder_after_days = { NEARLINE = 90, COLDLINE = 365 }
  iam = {
    "roles/storage.objectCreator" = { export_sales = "serviceAccount:a@my-project.iam.gserviceaccount.com" }
    "roles/storage.objectViewer" = {
      export_sales = "serviceAccount:a@my-project.iam.gserviceaccount.com"
      land_object  = "serviceAccount:b@my-project.iam.gserviceaccount.com"
    }
  }
}

run "a_bucket_is_never_public_and_can_be_restored" {
  command = plan
  assert {
    condition     = google_storage_bucket.bucket.public_access_prevention == "enforced" && google_storage_bucket.bucket.uniform_bucket_level_access
    error_message = "The bucket can be made public."
  }
  assert {
    condition     = google_storage_bucket.bucket.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "What is deleted by mistake is gone at once."
  }
  assert {
    condition     = !google_storage_bucket.bucket.force_destroy && !google_storage_bucket.bucket.versioning[0].enabled
    error_message = "By default a bucket with objects stays, and objects that are written once need no versions."
  }
}

run "grants_are_those_that_were_asked_for" {
  command = plan
  assert {
    condition = toset([for grant in google_storage_bucket_iam_member.grant : "${grant.role} ${grant.member}"]) == toset([
      "roles/storage.objectCreator serviceAccount:a@my-project.iam.gserviceaccount.com",
      "roles/storage.objectViewer serviceAccount:a@my-project.iam.gserviceaccount.com",
      "roles/storage.objectViewer serviceAccount:b@my-project.iam.gserviceaccount.com",
    ])
    error_message = "There are other grants on the bucket than those in iam."
  }
}

run "objects_grow_colder_and_nothing_is_deleted" {
  command = plan
  assert {
    condition = toset([for rule in google_storage_bucket.bucket.lifecycle_rule : one(rule.action).type]) == toset([
      "AbortIncompleteMultipartUpload", "SetStorageClass",
    ])
    error_message = "Objects of the lake would be deleted."
  }
}

run "versions_are_pruned_where_there_are_any" {
  command = plan
  variables {
    versioning = true
  }
  assert {
    condition     = anytrue([for rule in google_storage_bucket.bucket.lifecycle_rule : one(rule.action).type == "Delete" && one(rule.condition).with_state == "ARCHIVED"])
    error_message = "Old versions would be kept for good."
  }
}

run "deleting_by_age_is_about_the_prefixes_alone" {
  command = plan
  variables {
    delete_after_days = 30
    delete_prefixes   = ["images/"]
  }
  assert {
    condition = [for rule in google_storage_bucket.bucket.lifecycle_rule : one(rule.condition).matches_prefix
    if one(rule.action).type == "Delete"] == [tolist(["images/"])]
    error_message = "More is deleted than what is under images/."
  }
}

run "nobody_makes_it_public" {
  command = plan
  variables {
    iam = { "roles/storage.objectViewer" = { all = "allUsers" } }
  }
  expect_failures = [var.iam]
}

run "other_roles_mean_nothing_here" {
  command = plan
  variables {
    iam = { "roles/editor" = { a = "user:a@example.org" } }
  }
  expect_failures = [var.iam]
}

run "three_days_of_soft_delete_do_not_exist" {
  command = plan
  variables {
    soft_delete_days = 3
  }
  expect_failures = [var.soft_delete_days]
}

run "coldline_comes_after_nearline" {
  command = plan
  variables {
    colder_after_days = { NEARLINE = 90, COLDLINE = 30 }
  }
  expect_failures = [var.colder_after_days]
}

run "a_zone_is_no_region" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}
