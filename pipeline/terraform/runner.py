"""python-terraform with its execution replaced: streamed, bounded, cancellable, safe in parallel."""

import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_terraform import Terraform

from pipeline.terraform.diagnostics import (
    Diagnostic,
    TerraformError,
    TerraformStoppedError,
    TerraformTimeoutError,
)
from pipeline.terraform.events import TerraformEvent, parse_event
from pipeline.terraform.process import Ending, Finished, TerraformCommand, TimeLimits, execute
from pipeline.terraform.process_environment import Masker

OnEvent = Callable[[TerraformEvent], None]

_STREAMED = frozenset({"init", "plan", "apply"})
"""Commands whose ``-json`` output is one message a line; the others print one document."""


def ignore(_event: TerraformEvent) -> None:
    """Take an event and do nothing."""


@dataclass(frozen=True)
class Execution:
    """Settings of a command's execution."""

    environment: Mapping[str, str] = field(repr=False)
    on_event: OnEvent = ignore
    limits: TimeLimits = field(default_factory=TimeLimits)
    cancel: threading.Event | None = None
    masker: Masker = field(default_factory=Masker)
    hold: Path | None = None
    program: str = "terraform"


class TerraformRunner(Terraform):  # type: ignore[misc] # python-terraform has no types
    """python-terraform's command building with our execution. Use one instance for one command.

    Always give ``var=None``: python-terraform would else write variables into a file that a kill leaves
    behind, and Terraform would refuse the saved plan.
    """

    def __init__(self, module: Path, execution: Execution) -> None:
        self.execution = execution
        self.diagnostics: list[Diagnostic] = []
        program = shutil.which(execution.program, path=execution.environment.get("PATH"))
        if program is None:
            raise TerraformError(
                f"The program {execution.program!r} is not in PATH. Run make setup, which installs it."
            )
        super().__init__(working_dir=str(module), terraform_bin_path=program)

    def cmd(self, cmd: str, *args: str, **kwargs: Any) -> tuple[int, str, str]:
        """Run one Terraform command and return its exit code, stdout and masked stderr.

        ``stdout`` of a streamed command has been handed out as events and is "". The options of
        python-terraform's own execution are not known here.

        Raises:
            TerraformTimeoutError, TerraformStoppedError: the command was stopped before its end.
        """
        try:
            argv = tuple(self.generate_cmd_string(cmd, *args, **kwargs))
            finished = self._execute(argv, streamed=cmd in _STREAMED and "json" in kwargs)
        finally:
            self.temp_var_files.clean_up()
        stderr = self.execution.masker.text(finished.stderr)
        self._check_ending(cmd, finished, stderr)
        return finished.code, "" if cmd in _STREAMED else finished.stdout, stderr

    def read_state_file(self, file_path: str | None = None) -> None:
        """Read nothing: the state is remote, and the local file names its place only."""

    def _execute(self, argv: tuple[str, ...], *, streamed: bool) -> Finished:
        execution = self.execution
        command = TerraformCommand(argv, Path(self.working_dir), execution.environment, execution.hold)
        on_line = self._emit if streamed else None
        return execute(command, execution.limits, execution.cancel, on_line)

    def _emit(self, line: str) -> None:
        event = parse_event(line, self.execution.masker)
        if event is not None and event.diagnostic is not None:
            if _is_chosen(event.diagnostic):
                return
            self.diagnostics.append(event.diagnostic)
        if event is not None:
            self.execution.on_event(event)

    def _check_ending(self, cmd: str, finished: Finished, stderr: str) -> None:
        if finished.ending is Ending.BY_ITSELF:
            return
        kind = TerraformTimeoutError if finished.ending is Ending.TIMED_OUT else TerraformStoppedError
        how = (
            "It ended in order: the state is saved and the lock is free. Run again to go on."
            if finished.graceful
            else "It had to be killed: look for a remaining lock (unlock-state) and for orphaned resources."
        )
        seconds = self.execution.limits.timeout
        reason = (
            f"ran longer than {seconds:g} s and was stopped"
            if kind is TerraformTimeoutError
            else "was cancelled"
        )
        raise kind(f"terraform {cmd} {reason}. {how}", self.diagnostics, stderr, graceful=finished.graceful)


def _is_chosen(diagnostic: Diagnostic) -> bool:
    # Locking by DynamoDB is deprecated in favour of lock files, but stood more writers when measured.
    return diagnostic.severity == "warning" and '"dynamodb_table" is deprecated' in diagnostic.detail
