"""The application's secret: its keys, and values on their way to Secrets Manager. Values never come out."""
