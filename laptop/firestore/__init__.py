"""Firestore in native mode over gRPC, durable in SQLite."""
