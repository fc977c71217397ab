resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:DNSSEC needs the parent zone's registrar, which is outside this account
  #checkov:skip=CKV2_AWS_39:query logs may only be kept in us-east-1
  count = var.hosted_zone_id == null ? 1 : 0

  name    = var.domain
  comment = "Delegate the domain to this zone's name servers"
}

locals {
  zone_id = var.hosted_zone_id == null ? aws_route53_zone.this[0].zone_id : var.hosted_zone_id
}

resource "aws_acm_certificate" "this" {
  domain_name       = var.domain
  validation_method = "DNS"

  tags = { Name = var.domain }

  lifecycle {
    create_before_destroy = true
  }
}

# Keyed by the domain, which is known when planning; the validation options are not.
resource "aws_route53_record" "validation" {
  for_each = toset([var.domain])

  zone_id         = local.zone_id
  name            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_value if option.domain_name == each.key]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]

  # A zone that nobody delegated to never validates: say so after half an hour.
  timeouts {
    create = "30m"
  }
}

resource "aws_route53_record" "alias" {
  zone_id = local.zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = var.load_balancer_dns
    zone_id                = var.load_balancer_zone_id
    evaluate_target_health = true
  }
}
