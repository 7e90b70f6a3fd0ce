"""Deploys the stacks without an AWS account, onto an AWS emulator on 127.0.0.1: the embedded AWS.

The stacks have no code for it. Terraform and boto3 use it because ``AWS_ENDPOINT_URL`` has its address.
"""
