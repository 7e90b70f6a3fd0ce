"""``python -m local.emulator.server``: runs ministack, stricter and more complete, as its variables say.

It exits when its standard input is closed, so that it also ends when the process that started it is killed.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ministack import app

from local.embedded_aws import CAPACITY_PATH, CLICKHOUSE_PATH, CRASHES_PATH, RECORDED_PATH
from local.emulator import (  # noqa: F401  registers the wrappers
    elasticache_changes,
    policy_simulation,
    rds_changes,
    recovery_points,
    volume_modifications,
)
from local.emulator.application_autoscaling import add_application_autoscaling
from local.emulator.authorization.enforcement import Authorization
from local.emulator.authorization.trust import trusting
from local.emulator.controls import controlled
from local.emulator.ecs_rollouts import set_crashing_images, set_exhausted_providers
from local.emulator.failures import with_failures
from local.emulator.idempotency import idempotent
from local.emulator.ipv6 import add_ipv6
from local.emulator.ministack_gaps import close_gaps
from local.emulator.offerings import add_instance_type_offerings
from local.emulator.rds_restores import add_rds_restores
from local.emulator.refusals import first_of, model_refusal, refusing, rule_refusal
from local.emulator.run_command import set_answers
from local.emulator.service_quotas import add_service_quotas


def _exit_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_exit_with_standard_input, daemon=True).start()
    close_gaps()
    add_application_autoscaling()
    add_instance_type_offerings()
    add_service_quotas()
    add_rds_restores()
    add_ipv6()
    authorization = Authorization()
    controls: dict[str, Callable[[Any], object]] = {
        CAPACITY_PATH: set_exhausted_providers,
        CLICKHOUSE_PATH: set_answers,
        CRASHES_PATH: set_crashing_images,
        RECORDED_PATH: lambda _: authorization.recorder.take(),
    }
    refusal = first_of(model_refusal, authorization.refusal, rule_refusal)
    app.app = with_failures(controlled(idempotent(trusting(refusing(app.app, refusal))), controls))
    app.main()
