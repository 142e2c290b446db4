"""The HTTP endpoints of auth_service."""
