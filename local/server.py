"""``python -m local.server``: ministack with its gaps closed, configured by ministack's own variables."""

from ministack.app import main

from local.ministack_gaps import close_gaps

if __name__ == "__main__":
    close_gaps()
    main()
