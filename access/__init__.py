"""The policies of the roles that plan and deploy an environment in CI, and how they are derived.

``calls.json`` has what Terraform and ``ops`` were seen to call, ``unseen.toml`` what only AWS itself makes them call.
``python -m access`` turns both into ``plan.json`` and ``deploy.json``, IAM policies with placeholders, which
``modules/access`` renders for an environment.
"""
