"""What the plan role and the deploy role may do, as templates of IAM policies."""
