output "vpc_id" {
  description = "Identifier of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Public subnets, one per zone, once the internet is reached from them."
  value       = aws_subnet.public[*].id

  # A load balancer is refused in a VPC without an internet gateway.
  depends_on = [aws_route.public_internet, aws_route_table_association.public]
}

output "private_subnet_ids" {
  description = "Private subnets, one per zone."
  value       = aws_subnet.private[*].id
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets, one per zone."
  value       = aws_route_table.private[*].id
}

output "settings" {
  description = "What is declared: subnets by tier with zone and range, NAT gateways, default routes, endpoints, flow logs."
  value = {
    public        = [for subnet in aws_subnet.public : { zone = subnet.availability_zone, cidr = subnet.cidr_block, gives_public_addresses = subnet.map_public_ip_on_launch }]
    private       = [for subnet in aws_subnet.private : { zone = subnet.availability_zone, cidr = subnet.cidr_block, gives_public_addresses = subnet.map_public_ip_on_launch }]
    nat_gateways  = length(aws_nat_gateway.this)
    public_route  = aws_route.public_internet.destination_cidr_block
    private_nats  = [for route in aws_route.private_nat : { to = route.destination_cidr_block, nat_gateway = route.nat_gateway_id }]
    endpoints     = sort(concat([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name], [aws_vpc_endpoint.s3.service_name]))
    flow_log_days = one(aws_cloudwatch_log_group.flow[*].retention_in_days)
    flow_traffic  = one(aws_flow_log.this[*].traffic_type)
  }
}
