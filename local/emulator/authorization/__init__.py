"""What AWS authorizes in each request, and whether the policies of the role that sent it allow that.

ministack has an evaluator of policies, but a check of one action and one resource per request, with few condition keys.
Here, AWS's service authorization reference says which actions, resources and condition keys there are.
"""
