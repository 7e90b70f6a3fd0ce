"""How settings are read from an environment's file and from variables, and how wrong ones are reported."""
