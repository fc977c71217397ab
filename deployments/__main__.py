"""The daily verbs: python -m deployments deploy staging ref=v1.2."""

import sys

from deployments.cli.arguments import parse
from deployments.cli.server import use_local_stack

if __name__ == "__main__":
    chosen = parse()
    use_local_stack(chosen.environment)
    # Imported only now: Prefect reads its settings when it is imported.
    from deployments.cli.running import run

    sys.exit(run(chosen))
