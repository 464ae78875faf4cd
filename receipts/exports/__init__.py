"""What residents told us of e-receipts, as a set of CSV files for billing: docs/export.md."""
