resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:DNSSEC needs the parent zone's registrar, which is outside this account
  #checkov:skip=CKV2_AWS_39:query logs may only be kept in us-east-1
  count = var.new_hosted_zone ? 1 : 0

  name    = local.zone_name
  comment = "Delegate the domain to this zone's name servers"
}

# The zone to which the registrar delegates. Where there is none, or there are two, the plan fails.
data "aws_route53_zone" "this" {
  count = var.new_hosted_zone || var.hosted_zone_id != null ? 0 : 1

  name         = local.zone_name
  private_zone = false
}

locals {
  zone_name = coalesce(var.hosted_zone, var.domain)
  zone_id   = try(aws_route53_zone.this[0].zone_id, data.aws_route53_zone.this[0].zone_id, var.hosted_zone_id)
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
  count = var.domain_points_here ? 1 : 0

  zone_id = local.zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = var.load_balancer_dns
    zone_id                = var.load_balancer_zone_id
    evaluate_target_health = true
  }
}
