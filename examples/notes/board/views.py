"""Two addresses: whether it runs, and the rows."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from board.models import Note


def healthy(_request):
    """Say that it runs."""
    return HttpResponse("OK")


@csrf_exempt
def rows(request):
    """Add a row where one is posted, and count them."""
    if request.method == "POST":
        Note.objects.create(text=request.body.decode() or "empty")
    return JsonResponse({"rows": Note.objects.count()})
