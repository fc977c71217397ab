"""Asks a public resolver for CNAME records: what ACM sees, whatever this machine's resolver says."""

import httpx

RESOLVER = "https://cloudflare-dns.com/dns-query"
"""Speaks JSON over HTTPS, as Google's https://dns.google/resolve does: Python's library reads no CNAMEs."""
_CNAME = 5
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_TIMEOUT_SECONDS = 5.0


def lookup_cname(
    name: str, resolver: str = RESOLVER, client: httpx.Client | None = None
) -> tuple[str, ...] | None:
    """Return the CNAME targets of a name, () where there are none, None where nobody could say."""
    try:
        answer = (client or httpx).get(
            resolver,
            params={"name": name, "type": "CNAME"},
            headers={"accept": "application/dns-json"},
            timeout=_TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        document = answer.json()
        status = document["Status"]
        records = document.get("Answer", ())
        targets = tuple(str(record["data"]) for record in records if record["type"] == _CNAME)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return targets if status in (_NO_ERROR, _NO_SUCH_NAME) else None
