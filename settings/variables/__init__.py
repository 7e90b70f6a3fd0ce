"""The rules for variables of ``langfuse.environment`` and ``langfuse.secrets``."""
