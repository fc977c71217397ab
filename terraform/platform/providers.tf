locals {
  tags = {
    Application = var.name
    ManagedBy   = "terraform"
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = local.tags
  }
}

# For what mocks don't have, so that the tests can mock the one above: ephemeral resources.
provider "aws" {
  alias               = "generator"
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = local.tags
  }
}
