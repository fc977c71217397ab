"""The pipeline's own image: flows, workers, the webhook receiver and the server past one machine."""

PIPELINE_IMAGE = "vimbiso/pipeline:latest"
