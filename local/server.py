"""``python -m local.server``: ministack with its gaps closed, configured by ministack's own variables."""

from ministack import app

from local.ministack_gaps import close_gaps
from local.repeated_requests import carried_out_once

if __name__ == "__main__":
    close_gaps()
    app.app = carried_out_once(app.app)
    app.main()
