"""The audience sync: plan, outbox and adapters for email tools."""
