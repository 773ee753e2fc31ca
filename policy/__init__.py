"""The two systems of the policy and the runtime that runs their loops. Sees observations, never the simulator."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.checkpoint import CheckpointError, LibraPolicy, load_policy
    from policy.config import PolicyConfig

__all__ = ["CheckpointError", "LibraPolicy", "PolicyConfig", "load_policy"]


def __getattr__(name: str) -> Any:
    """Import torch only when a policy is really asked for: the command line and the page start without it."""
    if name == "PolicyConfig":
        from policy.config import PolicyConfig

        return PolicyConfig
    if name in __all__:
        from policy import checkpoint

        return getattr(checkpoint, name)
    raise AttributeError(f"module 'policy' has no attribute {name!r}")
