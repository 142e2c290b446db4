"""The events that services tell each other: one module a publisher, pydantic and nothing else."""
