"""Where a pipeline's template goes: a CDK app, an embedded AWS, or AWS itself."""
