"""Looks at the signatures of images."""

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.preflight.signing import judge_signature
from tasks.support import retried_step


@retried_step
def check_signature(live: LiveEnvironment, digest: str) -> None:
    """Refuse an image that is not signed as the environment demands, before anything moves.

    Raises:
        ImageError: naming the image and the key.
    """
    if verdict := judge_signature(live, digest):
        get_run_logger().info("Image %s: %s", digest, verdict)
