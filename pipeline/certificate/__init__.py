"""Tells whether the public certificate is sound and will stay so, from ACM and from what is really served."""
