module "budget" {
  source = "../.."

  project_id            = "my-project"
  project_number        = "123456789012"
  billing_account       = "0123AB-4567CD-89EF01"
  monthly_amount        = 200
  notification_channels = ["projects/my-project/notificationChannels/1234567890"]
}
