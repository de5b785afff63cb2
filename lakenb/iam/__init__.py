"""The policy engine: reads any template, and knows nothing of pipelines."""
