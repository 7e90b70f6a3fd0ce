"""Starts Chromium: that of ``tests/package.json`` on Linux, and elsewhere the Google Chrome that is installed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.command_line import PROJECT

NODE_MODULES = PROJECT / "tests" / "node_modules"
UNPACKED = NODE_MODULES / ".chromium"
"""It is unpacked once, and again after an update of the package."""
UNPACK = 'import chromium from "@sparticuz/chromium"; console.log(await chromium.executablePath());'


@contextmanager
def running() -> Iterator[Browser]:
    """Runs a browser during the ``with`` block."""
    bundled = _bundled() if sys.platform == "linux" else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=bundled,
            channel=None if bundled else "chrome",
            # There is no GPU, and it sometimes waits for one. The package's own arguments are for AWS Lambda.
            args=["--disable-gpu"],
        )
        yield browser
        browser.close()


def _bundled() -> str:
    UNPACKED.mkdir(exist_ok=True)
    asked = subprocess.run(
        ["node", "--input-type=module", "--eval", UNPACK],
        cwd=NODE_MODULES,
        env={**os.environ, "TMPDIR": str(UNPACKED)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return asked.stdout.strip()
