"""What leaves by webhook. Empty until outgoing webhooks exist."""
