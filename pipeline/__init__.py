"""The engine of the delivery pipeline: decisions and AWS, Docker and Terraform access, without Prefect."""
