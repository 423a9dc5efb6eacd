"""The package of a company that keeps pallets: what joins by BACKOFFICE_APPS=acme."""
