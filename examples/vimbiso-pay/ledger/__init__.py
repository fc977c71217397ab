"""A ledger of payments in and out."""
