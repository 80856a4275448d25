"""A node of a cluster: what it is called, and what it is told of the driver's environment.

    node_name()                                   # gpu-7-3f09ab where Ray runs, else the name of the machine
    environment_here()                            # {"OPENAI_BASE_URL": ..., ...}

It starts no Ray and asks nobody.
"""

import os
import socket
import sys

ENVIRONMENT = (
    "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "MOVIELLM_PRICES", "HF_TOKEN", "HF_HOME",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_EC2_METADATA_DISABLED",
    "GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST",
)  # fmt: skip
"""What a node is told of the driver's environment, as an argument of each task: it stands in no setting and no log."""


def environment_here() -> dict[str, str]:
    """What of this process's environment its tasks are told."""
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}


def node_name() -> str:
    """This node, as people know it: Ray's id where several nodes share a machine."""
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():  # to ask Ray would start it
        return socket.gethostname()
    return f"{socket.gethostname()}-{ray.get_runtime_context().get_node_id()[:6]}"


def innermost(error: BaseException) -> BaseException:
    """The first error of a group, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
