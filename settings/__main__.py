"""``python -m settings`` validates the settings of the environment that ``LANGFUSE_ENV`` names.

The exit code is 0 if they are valid, and 2 after one line on stderr that says what is wrong.
"""

from settings import load_or_exit

if __name__ == "__main__":
    load_or_exit()
