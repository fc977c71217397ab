"""Two addresses: whether it runs, and the rows; each sale is journaled in the second database."""

from django.db import connections
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

from till.models import Sale


def status(_request):
    """Say that it runs."""
    return JsonResponse({"status": "open"})


@csrf_exempt
def rows(request):
    """Add a row where one is posted, and count them."""
    if request.method == "POST":
        Sale.objects.create(text=request.body.decode() or "empty")
        with connections["journal"].cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS entries (at TEXT)")
            cursor.execute("INSERT INTO entries VALUES (datetime('now'))")
    return JsonResponse({"rows": Sale.objects.count()})
