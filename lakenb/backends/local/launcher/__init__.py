"""The program that runs the emulator as an embedded AWS: a child process of its own.

It runs with the Python of the emulator's environment, so it never imports lakenb.
`server` starts it; `border` names what it replaces in the emulator; `conformance`,
`enforcement`, `gates`, `filtering`, `transport` and `doors` make it answer as AWS does;
`workers` starts functions; `watch` counts what is under way.
"""
