"""The embedded AWS: a local emulator with IAM enforced, and runs on it."""
