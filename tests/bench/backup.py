"""A backup of the database, against sqlite3, gzip and the AWS CLI."""

import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.databases import make, written_to
from bench.figures import Curve, Goal, Report, Series, at_most, growth_goal, number, ratio
from bench.memory import Measured, measure
from bench.workshop import Workshop

from pipeline.live import LiveEnvironment
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.model import BackupManifest, BackupPolicy

SCRIPT = Path(__file__).with_name("backup.sh")
_MORE = (
    "The pipeline's time has the task's start, integrity and foreign key checks, row counts, the proof that "
    "S3 holds what was sent, and the manifest; the plain tools do none of these."
)
_POLICY = BackupPolicy(timeout=300)


@dataclass
class Backups:
    """Backs up databases of a folder that is the data volume of an emulated cluster."""

    shop: Workshop
    live: LiveEnvironment
    volume: Path
    made: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """The live database."""
        return self.volume / "db.sqlite3"

    def pipeline(self) -> tuple[float, BackupManifest]:
        """Back up as the flow does: a task, its checks, the upload, the proof. Returns the seconds, too."""
        began = time.monotonic()
        manifest = back_up(self.live, secrets.token_hex(8), lambda _: None, _POLICY)
        seconds = time.monotonic() - began
        self._empty()
        return seconds, manifest

    def plain(self, limit: float = 600) -> Measured:
        """Run the plain tools."""
        room = self.shop.room()
        variables = {
            **self.live.access.process_environment(),
            "DATABASE": str(self.database),
            "COPY": str(room / "copy.sqlite3"),
            "AWS": str(self.shop.tools.aws),
            "BUCKET": self.live.outputs.backup_bucket,
        }
        found = measure(["sh", SCRIPT], variables, limit)
        shutil.rmtree(room)
        self._empty()
        return found

    def _empty(self) -> None:
        """Remove what was stored: the emulator holds it in memory."""
        s3, bucket = self.live.access.client("s3"), self.live.outputs.backup_bucket
        for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])


_WHY_STEEPER = "Between 0.89 and 1.21 on one day; the disk is suspected, and was not looked into."


def backup(shop: Workshop) -> Report:
    """Measure at rest, then under load, then other sizes."""
    backups = _set_up(shop)
    make(backups.database, shop.sizes.database_mib)
    shop.say("backups by the pipeline, and one by the plain tools")
    ours = [backups.pipeline() for _ in range(min(shop.sizes.times, 2))]
    plain = [_raise_on_failures(backups.plain())]
    shop.say("both while an application writes")
    waits, remark = _under_load(shop, backups)
    curve = _curve(shop, backups, [seconds for seconds, _ in ours])
    pipeline = Series(f"pipeline, {shop.sizes.database_mib} MiB", "s", tuple(one for one, _ in ours))
    tools = Series("sqlite3 .backup, gzip, aws s3 cp", "s", tuple(one.seconds for one in plain))
    memory = Series("memory of the pipeline's task", "MiB", tuple(one.peak_kib / 1024 for _, one in ours))
    tools_memory = Series("memory of the plain tools' largest", "MiB", tuple(one.peak_mib for one in plain))
    return Report(
        name="backup",
        title="Backup of the database",
        groups=((pipeline, tools), (memory, tools_memory), waits),
        curves=(curve,),
        goals=(
            at_most("backup at least as fast as the plain tools", ratio(pipeline, tools), 1, "x"),
            _memory_goal(memory, tools_memory),
            growth_goal(curve, _WHY_STEEPER),
        ),
        remarks=(
            _MORE,
            remark,
        ),
    )


def _set_up(shop: Workshop) -> Backups:
    # Once the emulator is asked for: the module reads its port when it is imported.
    access = shop.aws
    from sqlite_support.emulator import make_live

    volume = shop.room() / "data"
    volume.mkdir()
    return Backups(shop, make_live(access, volume), volume)


def _memory_goal(ours: Series, plain: Series) -> Goal:
    why = (
        "Python with its HTTP and TLS libraries alone is some 25 MiB, and three parts of 8 MiB are under way "
        "at once. The plain tools' largest is the AWS CLI, which is no larger for a larger file. "
        "A program without an interpreter in the application's image would be needed."
    )
    return at_most("backup in a tenth of the memory of the plain tools", ratio(ours, plain), 0.1, "x", why)


def _raise_on_failures(found: Measured) -> Measured:
    if found.trouble:
        raise RuntimeError(f"the plain tools {found.trouble}")
    return found


def _under_load(shop: Workshop, backups: Backups) -> tuple[tuple[Series, ...], str]:
    with written_to(backups.database) as ours:
        seconds, _ = backups.pipeline()
    with written_to(backups.database) as theirs:
        plain = backups.plain(shop.sizes.unfinished)
    waits = (
        Series("longest wait of a writer: pipeline", "s", (ours.longest,)),
        Series("longest wait of a writer: plain tools", "s", (theirs.longest,)),
    )
    end = plain.trouble or f"took {number(plain.seconds)} s"
    remark = (
        "While an application writes up to 140 times a second (rollback journal), the pipeline took "
        f"{number(seconds)} s; the plain tools {end}. Failed writes: {ours.failed} of {ours.commits:,} "
        f"with the pipeline, {theirs.failed} of {theirs.commits:,} with the plain tools."
    )
    return waits, remark


def _curve(shop: Workshop, backups: Backups, known: list[float]) -> Curve:
    points = []
    for mebibytes in shop.sizes.database_curve:
        if mebibytes == shop.sizes.database_mib:
            points.append((float(mebibytes), sorted(known)[len(known) // 2]))
            continue
        shop.say(f"a backup of {mebibytes} MiB")
        backups.database.unlink()
        make(backups.database, mebibytes)
        points.append((float(mebibytes), backups.pipeline()[0]))
    return Curve("backup", "MiB", "s", tuple(points))
