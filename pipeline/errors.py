"""The root of every error that the pipeline raises on purpose."""


class PipelineError(Exception):
    """An error a person can act on.

    ``str(error)`` says what was tried, on what, and what to do next. Each domain derives one base from
    this class; anything else that escapes is a defect of the pipeline.
    """

    transient = False
    """Whether the same call may succeed a few seconds later; refusals and judgements are final."""
