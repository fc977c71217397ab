"""Two addresses: whether it lives, and the rows."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from talk.models import Line


def alive(_request):
    """Say that it lives; there is nothing more to say."""
    return HttpResponse(status=204)


@csrf_exempt
def rows(request):
    """Add a row where one is posted, and count them."""
    if request.method == "POST":
        Line.objects.create(text=request.body.decode() or "empty")
    return JsonResponse({"rows": Line.objects.count(), "secure": request.is_secure()})
