"""``python -m settings`` checks the settings of ``LANGFUSE_ENV``: silent and 0 if they hold, one line and 2 if not."""

from settings import load_or_exit

if __name__ == "__main__":
    load_or_exit()
