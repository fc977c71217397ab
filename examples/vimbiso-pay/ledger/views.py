"""The page that a person looks at."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from ledger.models import Entry, balance

NEWEST = 20


class EntryForm(forms.ModelForm):
    """Adds one entry."""

    class Meta:
        """What a person fills in."""

        model = Entry
        fields = ["party", "direction", "amount", "note"]


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show the release, the balance and the newest entries."""
    return _page(request, EntryForm())


@require_POST
def add_entry(request: HttpRequest) -> HttpResponse:
    """Add an entry, or show what is wrong with it."""
    form = EntryForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    form.save()
    return redirect("overview")


def _page(request: HttpRequest, form: EntryForm, status: int = 200) -> HttpResponse:
    context = {
        "release": settings.RELEASE,
        "environment": settings.ENVIRONMENT,
        "balance": balance(),
        "count": Entry.objects.count(),
        "entries": Entry.objects.all()[:NEWEST],
        "form": form,
    }
    return render(request, "ledger/overview.html", context, status=status)
