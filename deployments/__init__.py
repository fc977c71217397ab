"""How the flows are put to work: environments, registration, the embedded local stack and the demo."""
