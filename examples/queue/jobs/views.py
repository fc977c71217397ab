"""Two addresses: whether the cache answers, and the rows."""

from django.core.cache import cache
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from jobs.models import Job


def ready(_request):
    """Ask the cache, which runs beside it in the task."""
    cache.set("ready", "yes", 30)
    return JsonResponse({"cache": cache.get("ready")})


@csrf_exempt
def rows(request):
    """Add a row where one is posted, and count them."""
    if request.method == "POST":
        Job.objects.create(name=request.body.decode() or "empty")
    return JsonResponse({"rows": Job.objects.count()})
