"""The command ``vimbiso`` by the name of a module: python -m deployments."""

from deployments.cli.app import main

if __name__ == "__main__":
    main()
