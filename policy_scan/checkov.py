"""Runs checkov."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from policy_scan.configuration import Finding, Json, comments

# It pins libraries that the project needs newer, so it has a virtual environment of its own.
CHECKOV = Path(sys.prefix, "checkov", "bin", "checkov")


def findings(configuration: Json) -> dict[Finding, str]:
    """What checkov finds in a configuration, with each check's description. Exits if checkov fails."""
    with TemporaryDirectory(prefix="policy-scan-") as folder:
        Path(folder, "merged.tf.json").write_text(json.dumps(configuration))
        options = ["--framework", "terraform_json", "--output", "json", "--compact", "--quiet", "--soft-fail"]
        scan = [str(CHECKOV), "--directory", folder, *options, "--skip-download"]
        ran = subprocess.run(scan, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"checkov failed:\n{ran.stderr}")
    report = json.loads(ran.stdout)
    if report["summary"]["parsing_errors"]:
        sys.exit(f"checkov can't read the configuration:\n{ran.stderr}")
    paths = {name: comment["metadata"]["path"] for name, comment in comments(configuration).items()}
    return {
        Finding(paths[failed["resource"].rpartition(".")[2]], failed["check_id"]): failed["check_name"]
        for failed in report["results"]["failed_checks"]
    }
