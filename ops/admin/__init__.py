"""What an operator looks at and puts right, on the servers of any shop. See docs/guides/operating.md."""
