"""``python -m local.server``: runs ministack with its gaps closed, configured by ministack's environment variables.

It exits when its standard input is closed, so that it also ends when the process that started it is killed.
"""

import os
import sys
import threading

from ministack import app

from local.application_autoscaling import add_application_autoscaling
from local.idempotency import idempotent
from local.ministack_gaps import close_gaps


def _exit_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_exit_with_standard_input, daemon=True).start()
    close_gaps()
    add_application_autoscaling()
    app.app = idempotent(app.app)
    app.main()
