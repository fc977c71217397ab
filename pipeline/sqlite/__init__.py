"""SQLite databases of the application: backup, retention, restore and drill.

Everything acts on a ``Site`` and is safe to repeat with the same run id after a crash.
"""
