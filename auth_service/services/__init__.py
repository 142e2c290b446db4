"""What people do with auth_service. Each use case owns its transactions."""
