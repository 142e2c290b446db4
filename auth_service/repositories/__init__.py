"""SQL behind the ports of the domain."""
