"""Errors of the certificate domain."""

from pipeline.errors import PipelineError


class CertificateError(PipelineError):
    """The certificate that was asked for does not exist."""
