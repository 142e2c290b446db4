"""Fixtures and helpers for tests on a real PostgreSQL and a real RabbitMQ."""
