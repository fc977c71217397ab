"""Registration and running of the flows: environments, command line, webhook, local stack, demo."""

import gc

# Modules that are imported make hardly any garbage; Python would look for it after 700 objects each.
gc.set_threshold(50_000, 20, 20)
