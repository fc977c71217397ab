"""The local stack's processes, as ``deployments.local.stack.specs`` starts them."""

from cyclopts import App

stack = App(name="stack", help="The local stack's processes.", show=False)


@stack.command
def server(*, port: int, host: str = "127.0.0.1") -> None:
    """Serve Prefect's API and UI."""
    from deployments.local.stack.server import main

    main(host, port)


@stack.command
def worker() -> None:
    """Execute the runs of the local environment."""
    from deployments.local.stack.worker import main

    main()


@stack.command
def emulator() -> None:
    """Serve the emulated AWS."""
    from deployments.local.stack.emulator import main

    main()
