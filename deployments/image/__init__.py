"""The pipeline's own image: flows, workers, the webhook receiver and the server past one machine."""

from deployments.image.build import PIPELINE_IMAGE, build_pipeline_image
from deployments.image.terraform import terraform_image

__all__ = ["PIPELINE_IMAGE", "build_pipeline_image", "terraform_image"]
