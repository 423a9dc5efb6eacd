"""The test harness: databases, cast, client, browser."""
