"""Asks the application in this container for its health; exit code 0 means healthy (the image has no curl)."""

import sys
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8000/health/"

try:
    with urllib.request.urlopen(URL, timeout=4) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.exit(f"{URL} answered {error.code}: {error.read().decode(errors='replace')}")
except OSError as error:
    sys.exit(f"{URL} did not answer: {error}")
