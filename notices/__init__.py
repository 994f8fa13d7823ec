"""What leaves by webhook: messages and their signatures, when to try again, and a safe client."""
