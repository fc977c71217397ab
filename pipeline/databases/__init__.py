"""The application's databases: where its Django says they are, and whether that is where they are kept."""
