"""The tables that a grant reviewer reads, each a function of what the template says (`Seen`)."""
