# What the function may do that is granted on projects only. What is granted on a bucket, a topic, a job or a table is beside it.
resource "google_project_iam_member" "stage" {
  for_each = var.project_roles

  project = var.project_id
  role    = each.value.role
  member  = var.service_account.member

  dynamic "condition" {
    for_each = each.value.condition[*]
    content {
      title       = condition.value.title
      description = condition.value.description
      expression  = condition.value.expression
    }
  }
}
