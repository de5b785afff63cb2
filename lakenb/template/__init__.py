"""From graph and security to one CloudFormation template, as plain dicts, deterministic to the byte."""
