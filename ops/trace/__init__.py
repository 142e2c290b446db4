"""The story of one order or one request, put together from where its traces are kept."""
