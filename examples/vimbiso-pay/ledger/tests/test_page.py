"""The page and its form."""

from decimal import Decimal

from django.conf import settings
from django.test import TestCase

from ledger.models import Entry, balance


class PageTest(TestCase):
    """What a person sees and does."""

    def test_empty(self) -> None:
        """An empty ledger shows the release and says that it is empty."""
        answer = self.client.get("/")
        self.assertContains(answer, settings.RELEASE)
        self.assertContains(answer, "Nothing yet")

    def test_add(self) -> None:
        """A payment is stored, leads back to the page and changes the balance."""
        form = {"party": "Rudo", "direction": "in", "amount": "12.50", "note": "first"}
        answer = self.client.post("/entries/", form, follow=True)
        self.assertRedirects(answer, "/")
        self.assertContains(answer, "+12.50")
        Entry.objects.create(party="Tendai", direction=Entry.Direction.OUT, amount=Decimal("2.25"))
        self.assertEqual(Decimal("10.25"), balance())

    def test_refused(self) -> None:
        """A payment of nothing is refused with the reason, and nothing is stored."""
        answer = self.client.post("/entries/", {"party": "Rudo", "direction": "in", "amount": "0"})
        self.assertContains(answer, "greater than or equal to 0.01", status_code=422)
        self.assertEqual(0, Entry.objects.count())
