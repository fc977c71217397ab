"""Tells whether the public certificate is sound and will stay so, from ACM and from what is really served."""

from pipeline.certificate.acm import read_certificate
from pipeline.certificate.check import CertificateReport, check_certificate
from pipeline.certificate.dns import lookup_cname
from pipeline.certificate.errors import CertificateError
from pipeline.certificate.finding import CertificateVerdict, Finding, Level, Limits
from pipeline.certificate.model import CertificateFacts, Endpoint, Served, Unreachable, Validation
from pipeline.certificate.served import fetch_served
from pipeline.certificate.verdict import judge

__all__ = [
    "CertificateError",
    "CertificateFacts",
    "CertificateReport",
    "CertificateVerdict",
    "Endpoint",
    "Finding",
    "Level",
    "Limits",
    "Served",
    "Unreachable",
    "Validation",
    "check_certificate",
    "fetch_served",
    "judge",
    "lookup_cname",
    "read_certificate",
]
