"""``python -m local.server``: ministack with its gaps closed, configured by ministack's own variables.

It ends when its standard input does, so that it does not outlive whoever started it, however that ended.
"""

import os
import sys
import threading

from ministack import app

from local.ministack_gaps import close_gaps
from local.repeated_requests import carried_out_once


def _end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    close_gaps()
    app.app = carried_out_once(app.app)
    app.main()
