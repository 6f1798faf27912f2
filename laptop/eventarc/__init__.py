"""Eventarc on a laptop, built as Google builds it: a notification, a transport topic, a push, a CloudEvent."""
