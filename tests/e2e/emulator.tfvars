# What must differ from an environment's own file for the emulator to carry it; nothing else.

max_retries         = 3
s3_use_path_style   = true
refuse_plain_http   = false # the emulator answers on plain HTTP
deletion_protection = false # so that destroy can be tried
force_destroy       = true

alert_emails = ["operations@example.org"]

ci = {
  issuer          = "token.actions.githubusercontent.com"
  subjects        = ["repo:vimbiso/vimbiso-pay:ref:refs/heads/prod"]
  create_provider = true
}
