"""What a pipeline costs for being there: dated prices kept as data, and one pure function."""
