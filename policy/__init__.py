"""The two systems of the policy and the runtime that runs their loops. Sees observations, never the simulator."""

from policy.checkpoint import CheckpointError, LibraPolicy, load_policy
from policy.config import PolicyConfig

__all__ = ["CheckpointError", "LibraPolicy", "PolicyConfig", "load_policy"]
