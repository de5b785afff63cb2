"""AWS itself: what is read of an account."""
