"""/health/: whether this release can serve, and if not, why and what to do."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/health/"


class HealthMiddleware:
    """Answers the health path before any other middleware, and names the release on every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or pass on."""
        if request.path_info == PATH:
            answer = health(visitor="X-Forwarded-For" in request.headers)
            answer["Content-Length"] = str(len(answer.content))
        else:
            answer = self.get_response(request)
        answer["X-Release"] = settings.RELEASE
        return answer


def health(*, visitor: bool = False) -> JsonResponse:
    """200 when the database answers and holds every migration of this release, else 503 with the reason.

    ``visitor`` tells that the question came through a load balancer.
    """
    report = {"status": "ok", "release": settings.RELEASE, "environment": settings.ENVIRONMENT}
    if settings.FAULT == "health-500" or (settings.FAULT == "visitors-500" and visitor):
        return _answer(report, 500, f"FAULT={settings.FAULT}: health fails in this release, as the drill asks")
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        path = connection.settings_dict["NAME"]
        report |= {"database": "unreachable", "migrations": "unknown"}
        return _answer(
            report, 503, f"{path}: {error}. Check that the folder is mounted and writable for this user."
        )
    report |= {"database": "ok", "migrations": "pending" if pending else "applied"}
    if pending:
        return _answer(report, 503, f"Not applied: {', '.join(pending)}. Run: python manage.py migrate")
    return JsonResponse(report)


def pending_migrations() -> list[str]:
    """Names of this release's migrations that the database does not hold; migrations of a newer release are fine.

    One query, so that health checks stay cheap.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"{app}.{name}" for app, name in _own_migrations() if (app, name) not in applied]


@lru_cache(maxsize=1)
def _own_migrations() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(MigrationLoader(None).disk_migrations))


def _answer(report: dict[str, str], status: int, message: str) -> JsonResponse:
    return JsonResponse(report | {"status": "failing", "message": message}, status=status)
