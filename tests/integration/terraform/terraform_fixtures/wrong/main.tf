variable "value" {
  type = string
}

resource "terraform_data" "first" {
  input = var.valeu
}
