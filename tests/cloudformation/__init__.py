"""The synthesized resources in CloudFormation's form, in which cfn-lint checks their properties for a Region."""
