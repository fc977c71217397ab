"""Code that runs inside the application's own container, on its Python and its Django."""
