"""The border to the emulator: which version, which of its names are replaced, and how.

The emulator is young and its inner functions are no promised interface. So its
version is pinned exactly, and every name that is read or replaced here must exist
before anything is served: a change there stops the launcher with one clear line.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION: Final = "1.5.33"

# INVARIANT: every emulator name that this package touches stands here, by module.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "ministack.app": (
        "_MAIN_LOOP", "_dispatch_service_request", "_handle_post_body_shortcuts", "_handle_pre_body_request",
        "_handle_special_data_plane_request", "app", "pin_request_origin",
    ),
    "ministack.core.iam_actions": (
        "SERVICE_TO_IAM_NAMESPACE", "_s3_action", "_s3_source_object", "access_denied_response",
        "extract_iam_action", "extract_resource_arn", "s3_additional_checks",
    ),
    "ministack.core.iam_evaluator": (
        "EvalContext", "EvalResult", "_CONDITION_OPS", "_NEGATED_OPS", "_conditions_met", "_first_match",
        "_gather_role_policies", "_names_caller", "_names_caller_directly", "_permissions_boundary",
        "_principal_matches", "_request_origin", "_resolve_condition_key", "_resource_policy",
        "_service_principal_matches", "combine_resource_policy", "enforce", "evaluate",
        "evaluate_resource_policy", "is_root_access_key", "parse_policy_document", "pin_request_origin",
    ),
    "ministack.core.lambda_runtime": (
        "Worker", "_PYTHON_WORKER_SCRIPT", "_workers", "execution_credentials", "os", "subprocess",
    ),
    "ministack.core.responses": ("get_account_id", "get_region", "request_scope"),
    "ministack.core.router": ("detect_service", "extract_access_key_id", "extract_region"),
    "ministack.services.cloudformation.provisioners": ("_RESOURCE_HANDLERS",),
    "ministack.services.cloudwatch_logs": ("_log_groups",),
    "ministack.services.dynamodb": ("_tables",),
    "ministack.services.ec2": ("_vpc_endpoints",),
    "ministack.services.eventbridge": (
        "_dispatch_to_sqs", "_invoke_target", "_pattern_event_view", "start_scheduler", "threading",
    ),
    "ministack.services.iam": ("_access_keys", "_roles", "_user_inline_policies", "_users"),
    "ministack.services.lambda_svc": (
        "_create_esm", "_emit_lambda_logs", "_esm_inflight", "_esms", "_functions",
        "_get_func_record_for_qualifier", "_invalid_parameter_value", "_iter_all_esms",
        "_resolve_existing_esm_function", "_vpc_config_with_id",
        "execution_credentials", "executions_in_flight", "threading",
    ),
    "ministack.services.kms": ("_aliases", "_resolve_key"),
    "ministack.services.s3": (
        "_bucket_encryption", "_buckets", "_deliver_event_to_sqs", "_object_tags", "threading",
    ),
    "ministack.services.scheduler": (
        "_SCHEDULE_TICK_INTERVAL", "_at_time_epoch", "_schedule_last_fired", "_schedules",
        "_tick_schedules", "handle_request", "start_scheduler",
    ),
    "ministack.services.sns": (
        "_deliver_to_sqs", "_enforce_topic_policy", "_matches_filter_policy", "_threading",
        "_topic_by_arn_any_scope",
    ),
    "ministack.services.sqs": (
        "_HANDLERS", "_collect_msgs", "_dlq_sweep", "_enforce_queue_policy", "_expire_retained",
        "_queue_by_arn", "_queues", "_queues_lock", "queue_policy_allows",
    ),
    "ministack.services.stepfunctions": (
        "_ExecutionError", "_execute_task", "_execute_wait", "_invoke_resource", "_scaled_sleep",
        "_start_execution", "_state_machines", "error_response_json", "threading",
    ),
    "ministack.services.sts": ("is_root_access_key", "register_session"),
}  # fmt: skip


class BorderError(Exception):
    """The emulator is not the one that this launcher was written for."""


def module(name: str) -> Any:
    """Import one of the emulator's modules (untyped: the one place where Any enters)."""
    return importlib.import_module(name)


def check() -> None:
    """Refuse another version, or an emulator that lacks a name we touch.

    Raises
    ------
    BorderError
        With one line that names what is missing.
    """
    try:
        found = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError as error:
        raise BorderError("the emulator (ministack) is not installed in this environment") from error
    if found != VERSION:
        raise BorderError(f"the emulator is ministack {found}, but this launcher was written for {VERSION}")
    missing = [f"{name}.{attribute}" for name, names in NAMES.items() for attribute in names
               if not hasattr(module(name), attribute)]  # fmt: skip
    if missing:
        raise BorderError(f"the emulator lacks {', '.join(missing)}")


def of(owner: str, name: str) -> Any:
    """Return one of the emulator's names; it must be listed in `NAMES`.

    Parameters
    ----------
    owner
        The emulator's module.
    name
        What is wanted of it, as it is now: a replaced name gives the replacement.
    """
    if name not in NAMES[owner]:
        raise BorderError(f"{owner}.{name} is used but not listed")
    return getattr(module(owner), name)


def replace(owner: str, name: str, make: Callable[[Any], Any]) -> None:
    """Replace an emulator's name by what `make` returns for the original.

    Parameters
    ----------
    owner
        The emulator's module; the name must be listed in `NAMES`.
    name
        What to replace in it.
    make
        Receives the original and returns its replacement.
    """
    if name not in NAMES[owner]:
        raise BorderError(f"{owner}.{name} is replaced but not listed")
    target = module(owner)
    setattr(target, name, make(getattr(target, name)))
