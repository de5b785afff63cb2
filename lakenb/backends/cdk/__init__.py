"""A cloud assembly from the template, through CDK in a process of its own."""
