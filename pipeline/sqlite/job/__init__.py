"""Code that runs inside the one-off task: standard library only, Python 3.9 or newer, any image.

These files are not imported by the pipeline; they are shipped as text (see ``pipeline.sqlite.runner``).
"""
