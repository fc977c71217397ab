output "arn" {
  description = "ARN of the certificate, known once it is validated."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "name_servers" {
  description = "Name servers to delegate the domain to; empty where the zone existed before."
  value       = try(aws_route53_zone.this[0].name_servers, [])
}

output "settings" {
  description = "What is declared: the certificate's name and validation, and the alias of the load balancer."
  value = {
    domain     = aws_acm_certificate.this.domain_name
    validation = aws_acm_certificate.this.validation_method
    records    = keys(aws_route53_record.validation)
    alias      = one([for record in aws_route53_record.alias : { name = record.name, type = record.type, target = record.alias[0].name }])
    makes_zone = length(aws_route53_zone.this) == 1
  }
}
