#!/bin/sh
# Migrates and serves, whatever it is given.
set -e
python manage.py migrate --noinput
python manage.py migrate --noinput --database journal
exec gunicorn --bind "0.0.0.0:${PORT:-9000}" --workers 2 kiosk.wsgi
