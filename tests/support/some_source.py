"""Source of staging and production, which have one only where somebody names it; imported for its effect."""

import os

os.environ.setdefault("VIMBISO_SOURCE", "https://github.com/vimbiso/vimbiso-pay.git")
