"""The command line for those who prefer it: starts the deployments that the UI starts, and follows them."""
