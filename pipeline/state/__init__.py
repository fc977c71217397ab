"""The Terraform state: its home, its lock, its copies and the record of what was applied."""
