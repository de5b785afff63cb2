"""Which corrections an embedded AWS gets, and the few that even the bare emulator needs."""

from __future__ import annotations

from typing import Any

from . import (
    actions,
    conformance,
    deliveries,
    doors,
    enforcement,
    key_door,
    keys,
    log_ends,
    mappings,
    networks,
    passed_roles,
    schedules,
    states,
    transport,
    watch,
    workers,
)


def install(config: dict[str, Any], port: int) -> None:
    """Apply everything that makes the emulator an embedded AWS.

    Bare (for benchmarks: the unmodified emulator), only what the same template needs to
    run at all: batch calls ask for the single call's permission, the transport counts
    as safe, a queue's changes and a function's logs are whole (else messages are lost, or
    missing from the account), and the counts.
    """
    key = keys.Key(config["access_key"], config["secret_key"])
    watch.install()
    log_ends.install()
    transport.install(pinned=config["pinned"])
    if config["bare"]:
        actions.install(aliases_only=True)
        keys.make_deployer(config["account"], config["region"], key)
        deliveries.install(log_only=True)
        return
    keys.install(config["account"], config["region"], key)
    conformance.install()
    networks.install()
    transport.install_version()
    actions.install(aliases_only=False)
    enforcement.install()
    key_door.install()
    deliveries.install(log_only=False)
    mappings.install()
    schedules.install()
    passed_roles.install()
    states.install()
    doors.install()
    workers.install(config, port)
