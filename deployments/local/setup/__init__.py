"""Set-up of a machine: the virtual environment, a Docker engine, Terraform and its AWS provider."""
