"""Runs MiniStack for this machine and its containers, without the guard: flows in containers use it all."""

from ministack import app as ministack

from deployments.local.stack.emulator import serve_here

if __name__ == "__main__":
    serve_here(ministack.app)
