"""Events out through the outbox and its relay, events in through guarded consumers. See docs/architecture/events.md."""
