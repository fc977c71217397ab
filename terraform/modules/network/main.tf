data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:names are sorted, so that a new zone comes last and moves no subnet
  state = "available"

  # Without Local Zones, which have neither load balancers nor NAT gateways; Lagos sorts before af-south-1a.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, var.zone_count)

  # /16 gives /20 networks: the first eight are public, the last eight private.
  public_cidrs  = [for index in range(var.zone_count) : cidrsubnet(var.cidr, 4, index)]
  private_cidrs = [for index in range(var.zone_count) : cidrsubnet(var.cidr, 4, index + 8)]
  nat_count     = var.single_nat_gateway ? 1 : var.zone_count
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = var.dns_hostnames

  tags = { Name = var.name }
}

# A resource that forgets to name a security group gets one that lets nothing through.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-closed" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  count = var.zone_count

  vpc_id                  = aws_vpc.this.id
  cidr_block              = local.public_cidrs[count.index]
  availability_zone       = local.zones[count.index]
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${local.zones[count.index]}", Tier = "public" }
}

resource "aws_subnet" "private" {
  count = var.zone_count

  vpc_id                  = aws_vpc.this.id
  cidr_block              = local.private_cidrs[count.index]
  availability_zone       = local.zones[count.index]
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-private-${local.zones[count.index]}", Tier = "private" }
}
