"""The pinned programs that are no Python packages: ``.venv/bin/cdktf``, and Terraform where the machine has none."""
