output "arn" {
  description = "ARN of the certificate, known once it is validated."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "name_servers" {
  description = "Name servers to delegate the domain to; empty where the zone existed before."
  value       = try(aws_route53_zone.this[0].name_servers, [])
}
