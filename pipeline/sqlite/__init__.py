"""SQLite databases of the application: backup, retention, restore and drill.

Everything acts on a ``LiveEnvironment`` and is safe to repeat with the same run id after a crash.
"""
